"""Calls of other APIs: with tokens of this service's own, or on behalf of the caller of a route."""
