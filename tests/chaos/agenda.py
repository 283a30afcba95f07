"""The tasks of a run and their seconds, in a heap: each may add others."""

import heapq
import itertools
import time
from collections.abc import Callable
from typing import Any

import redis


class NotYet(Exception):
    """The fault has no target now: try again a moment later."""


class Agenda:
    """Tasks of one thread."""

    def __init__(self) -> None:
        self._tasks: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._started = 0.0

    def start(self) -> None:
        self._started = time.monotonic()

    def __len__(self) -> int:
        return len(self._tasks)

    def now(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._started

    def at(self, seconds: float, task: Callable[[], object]) -> None:
        heapq.heappush(self._tasks, (seconds, next(self._order), task))

    def within(self, seconds: float, task: Callable[[], object]) -> None:
        self.at(self.now() + seconds, task)

    def until_it_works(self, task: Callable[[], Any]) -> None:
        """Do a task of Redis, again while that is away."""
        try:
            task()
        except redis.RedisError:
            self.within(0.1, lambda: self.until_it_works(task))

    def run_due(self) -> None:
        while self._tasks and self._tasks[0][0] <= self.now():
            heapq.heappop(self._tasks)[2]()
