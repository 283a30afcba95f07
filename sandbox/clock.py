"""Time as the sandbox knows it: read once a request; everything later is computed from that instant."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pec.instants import ROME


@dataclass(frozen=True, order=True)
class Instant:
    """One moment on both clocks: the monotonic one orders and spaces, the wall one is shown to people."""

    monotonic_seconds: float
    epoch_seconds: float

    def after(self, seconds: float) -> Self:
        return type(self)(self.monotonic_seconds + seconds, self.epoch_seconds + seconds)

    def in_rome(self) -> datetime:
        return datetime.fromtimestamp(self.epoch_seconds, ROME)


_EPOCH_OF_MONOTONIC = time.time() - time.monotonic()


def now() -> Instant:
    """Both readings come from one, so that their spacing is the same: a thread can't be held up between two."""
    monotonic_seconds = time.monotonic()
    return Instant(monotonic_seconds, _EPOCH_OF_MONOTONIC + monotonic_seconds)


@dataclass(frozen=True)
class Delays:
    """How long the simulated PEC network takes, in real seconds after the send."""

    acceptance_seconds: float
    delivery_seconds: float
    hour_seconds: float
