"""Canned answers that tests queue for an operation, and that its next calls get in place of the real one."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

from sandbox.answers import Refusal

Operation = Literal[
    "POST /send",
    "GET /send/{code}",
    "DELETE /send/{code}",
    "GET /inbox",
    "GET /inbox/{id}",
    "DELETE /inbox/{id}",
    "GET /quota/{mailbox}",
]


@dataclass
class Faults:
    """Safe for threads."""

    _queued: defaultdict[str, deque[Refusal]] = field(default_factory=lambda: defaultdict(deque))
    _lock: Lock = field(default_factory=Lock)

    def queue(self, operation: str, answer: Refusal, times: int) -> None:
        with self._lock:
            self._queued[operation].extend([answer] * times)

    def take(self, operation: str) -> Refusal | None:
        with self._lock:
            queued = self._queued[operation]
            return queued.popleft() if queued else None
