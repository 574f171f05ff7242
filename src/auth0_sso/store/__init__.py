"""Redis as replicas share it: connections, pipelining, failures, sealed values. The only door to redis-py."""
