"""How calls to other systems fail safely: single flight, circuit breaker, backoff, token bucket."""
