"""A turn to send: one picked message, its slot, and its place on the wire, which it gives back at the end.

Made by the rate-limiter middleware, used by `workers.sending`.
"""

import time

import structlog

from pec.messages import Message
from pec.store import commits, pace
from pec.store.clock import local_clock
from pec.store.commits import Commit
from pec.store.pace import Outcome, Picked, Slot
from workers.kit import Kit

LATE_SECONDS = 0.005  # by which a send may come closer to the next, where that is given already
UNSURE_SECONDS = 0.002  # about Redis's clock: from there on it is asked again
SHORT_SECONDS = 0.025  # of an interval: so many slots are given already that none can be moved,
LATE_OF_SHORT_SECONDS = 0.020  # and a send more in a second is all that anybody sees
log = structlog.get_logger()


class NotNow(Exception):  # noqa: N818 - named by what the caller must do
    """No slot is near, or each one was missed: put the message back."""


class Turn:
    """Used by one thread."""

    def __init__(self, kit: Kit, picked: Picked) -> None:
        self._kit = kit
        self.picked = picked
        self._slot: Slot | None = None
        self._ended = False

    @property
    def message(self) -> Message:
        return self.picked.message

    def reserve(self, until: float = 0.0) -> None:
        """Takes a slot that is near, or one before `until` (local clock), if that is given. Raises NotNow."""
        while True:
            asked_at = local_clock()
            slot = pace.reserve_send(self._kit.store, self.picked.token, self._kit.settings.api)
            if isinstance(slot, Slot):
                break
            if asked_at + slot.wait_seconds > until:
                raise NotNow
            time.sleep(slot.wait_seconds)
        self._kit.clock.observe(slot.said_at, asked_at, local_clock())
        self._kit.know_the_clock(UNSURE_SECONDS)
        self._slot = slot
        if until and self._kit.clock.local(slot.at) > until:
            self.release_slot()
            raise NotNow

    def wait(self, before_seconds: float = 0.0) -> None:
        """Sleeps until so long before the slot."""
        remaining = -self.lateness_seconds() - before_seconds
        if remaining > 0:
            time.sleep(remaining)

    def lateness_seconds(self) -> float:
        """How long ago the slot began; negative before it."""
        assert self._slot is not None  # noqa: S101 - reserve comes first
        return local_clock() - self._kit.clock.local(self._slot.at)

    def come_too_late(self) -> bool:
        """Whether a send now would come too close to the next. A slot whose thread is late is moved, if it can be."""
        api, late = self._kit.settings.api, self._most_late()
        if pace.interval_seconds(api) <= SHORT_SECONDS:
            return late > LATE_OF_SHORT_SECONDS
        if late <= (api.margin or LATE_SECONDS):  # without a margin each move would cost pace
            return False
        assert self._slot is not None  # noqa: S101 - reserve comes first
        if moved := pace.postpone_send(self._kit.store, self.picked.token, self._slot, api):
            self._slot = moved
        return self._most_late() > LATE_SECONDS  # anew: the reply took its time too

    def _most_late(self) -> float:
        """As late as it may be, by what is known of Redis's clock."""
        return self.lateness_seconds() + self._kit.clock.unsure_seconds()

    def release_slot(self) -> None:
        """Gives the slot back, so that another may use it."""
        if self._slot:
            pace.unreserve_send(self._kit.store, self.picked.token, self._slot, self._kit.settings.api)
            self._slot = None

    def uncount(self) -> None:
        """The API refused the request: no cap counts it."""
        if self._slot:
            pace.uncount_send(self._kit.store, self.picked.token, self._slot)
            self._slot = None

    def put_back(self, outcome: Outcome) -> None:
        """The message was not claimed: off the wire, then back to its lane, where another may take it at once."""
        self.end(outcome)
        pace.put_back(self._kit.store, self.message)

    def end_with(self, work: Commit, outcome: Outcome, still_seconds: float = 0) -> None:
        """Stores what became of the message and ends the turn, in one round trip. Raises what `commits.apply` does.

        Where the commit fails the turn has ended all the same: the message is off the wire.
        """
        kit, picked = self._kit, self.picked
        stored, settled = kit.store.together(
            [
                commits.call(kit.store, work),
                pace.settling(kit.store, picked.token, self.message.id, outcome, still_seconds),
            ]
        )
        if isinstance(settled, Exception):
            raise settled
        self._ended = True
        commits.check(stored)

    def end(self, outcome: Outcome, still_seconds: float = 0) -> None:
        """The message is off the wire. Later calls do nothing."""
        if not self._ended:
            pace.settle(self._kit.store, self.picked.token, self.message.id, outcome, still_seconds)
            self._ended = True
