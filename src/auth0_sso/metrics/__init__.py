"""Metrics for Prometheus: counted in memory that processes can share, and read from there at each scrape."""
