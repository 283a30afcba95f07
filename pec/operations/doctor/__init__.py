"""The checks of `pec doctor`: the server, its replicas, the workers, the API."""
