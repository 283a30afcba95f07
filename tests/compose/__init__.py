"""The compose file and the Dockerfile, unchanged, on a Docker engine of their own: `make compose-test`."""
