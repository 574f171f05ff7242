"""What all workers and replicas of one service share: a Redis or Valkey. The only door to redis-py."""
