"""The threads that each worker process runs beside its actors, as Dramatiq middleware."""
