"""Metrics: definitions, counters of one process, gauges from Redis, and the server that shows them."""
