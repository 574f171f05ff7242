"""Rate limits: policies, and counts in memory or in Redis."""
