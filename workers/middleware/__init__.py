"""Dramatiq middleware: what happens around every deed, and the threads that each worker process runs."""
