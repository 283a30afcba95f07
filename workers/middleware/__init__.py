"""Dramatiq middleware: what happens around every task, and the threads that each worker process runs."""
