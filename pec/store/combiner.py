"""Joins what threads of one process write at the same moment: one thread writes for all, so they share a round trip."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Generic, TypeVar

import redis

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Part(Generic[T]):
    """The calls of one thread, and the replies or the error."""

    calls: Sequence[T]
    gate: Lock = field(default_factory=Lock)  # closed until its thread may go on
    writes: bool = False  # whether its thread is the one that writes for all
    replies: list[Any] | None = None
    error: Exception | None = None


class Combiner(Generic[T]):
    """The first thread writes at once. Those that come meanwhile wait, and one of them then writes for all.

    `write` takes calls and returns a reply for each, and bears being repeated. If the server does not answer, each
    thread whose calls it took gets the error. A call that can't be sent at all fails for its own thread only.
    """

    def __init__(self, write: Callable[[Sequence[T]], list[Any]]) -> None:
        self._write = write
        self._lock = Lock()
        self._waiting: list[_Part[T]] = []
        self._has_writer = False

    def run(self, calls: Sequence[T]) -> list[Any]:
        """Return the replies to the calls of this thread. Raise what `write` raises."""
        part = _Part(calls)
        part.gate.acquire()
        with self._lock:
            self._waiting.append(part)
            first = part.writes = not self._has_writer
            self._has_writer = True
        try:
            if not first:
                part.gate.acquire()
            if part.writes:
                self._write_all()
        except BaseException:  # an interrupt: the other threads go on
            self._withdraw(part)
            raise
        if part.error is not None:
            raise part.error
        return part.replies or []

    def _write_all(self) -> None:
        """Write all that waits, give each thread its replies, and let the first who came meanwhile write next."""
        with self._lock:
            parts, self._waiting = self._waiting, []
        try:
            self._write_parts(parts)
        finally:
            try:
                with self._lock:  # first, so that Redis has work while the others go on
                    self._choose_next()
            finally:
                self._free(parts)

    def _write_parts(self, parts: Sequence[_Part[T]]) -> None:
        try:
            replies = self._write([call for part in parts for call in part.calls])
        except redis.RedisError as error:
            for part in parts:
                part.error = error
        except Exception as error:  # of one call that can't be sent
            if len(parts) == 1:
                parts[0].error = error
                return
            for part in parts:
                self._write_parts([part])
        else:
            for part in parts:
                part.replies, replies = replies[: len(part.calls)], replies[len(part.calls) :]

    @staticmethod
    def _free(parts: Sequence[_Part[T]]) -> None:
        for part in parts:
            if part.replies is None and part.error is None:
                part.error = redis.ConnectionError("the thread that wrote was interrupted")
            part.writes = False
            part.gate.release()

    def _choose_next(self) -> None:
        self._has_writer = bool(self._waiting)
        if self._waiting:
            self._waiting[0].writes = True
            self._waiting[0].gate.release()

    def _withdraw(self, part: _Part[T]) -> None:
        with self._lock:
            if part in self._waiting:
                self._waiting.remove(part)
                if part.writes:
                    self._choose_next()
