"""The wraps of a worker under chaos: the points where it may die, the faults that it meets, and shorter waits."""
