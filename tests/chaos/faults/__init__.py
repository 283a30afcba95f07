"""Faults by what they hit. Each group has a method for each fault, by the name that a plan gives it.

A method returns False where nothing was done, or where its effect shows in the end only.
"""

from collections.abc import Callable

FaultsByName = dict[str, Callable[..., bool | None]]
