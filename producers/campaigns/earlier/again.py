"""Choose the messages that may be sent again: those that reached no recipient, and can't any more. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from pec.attempts import OVER
from pec.messages import Message
from pec.names import State


@dataclass(frozen=True, slots=True)
class Rule:
    """The `states` that a person asks to send again, and for how long a receipt may still come (`late`).

    `before` is when the person asked, None if that is now: a message that ended later is not sent again.
    """

    states: Collection[State]
    now: datetime
    late: timedelta
    before: datetime | None = None

    def over(self, message: Message) -> State | None:
        """Return the state in which the message ended, or None if a recipient may have got it, or still may."""
        if message.lost_references or message.duplicate or message.state not in OVER:
            return None
        if self._ended_later(message):
            return None
        if message.state is State.FAILED and message.reason and message.reason.code == "discarded":
            return None
        if message.state is State.EXPIRED and not self._expired_for_good(message):
            return None
        return message.state

    def _ended_later(self, message: Message) -> bool:
        """Return whether the message is none that the person saw, such as an attempt of this very request."""
        return self.before is not None and message.ended_at is not None and message.ended_at > self.before

    def _expired_for_good(self, message: Message) -> bool:
        """Return whether an expired message never left, or is no longer checked for a late receipt."""
        return message.sent_at is None or (
            message.ended_at is not None and message.ended_at + self.late < self.now
        )
