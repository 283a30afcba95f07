"""The newer operations, under /v1."""
