"""Tasks: one file for each queue, named as the queue."""
