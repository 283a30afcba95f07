"""The rate limiter: picks a message for an actor that sends, and makes the permit that `workers.tasks.send` uses.

The rules (GCRA on Redis's clock, lanes, rotation, caps, the API's circuit) are in `pec.store.pacing` and its scripts.
"""

import threading
import time
from contextlib import suppress
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.middleware import Middleware, SkipMessage

from config.redis_refusals import logged
from pec.messages import Message, UnsupportedRecord
from pec.store import commits, pacing
from pec.store.clock import local_clock
from pec.store.commits import Commit
from pec.store.pacing import Hint, Outcome, Picked, Slot
from workers.context import WorkerContext
from workers.unsupported import skip

LATE_SECONDS = 0.005  # by which a send may come closer to the next, if the next slot is given already
MOVES_SLOT = "move-slot"  # name of a thread
SHIFTS = 3  # tries to begin a slot now, on a machine that takes long for each
MAX_CLOCK_ERROR_SECONDS = 0.002  # above this, Redis is asked for its time again
SHORT_SECONDS = 0.025  # of an interval: so many slots are given ahead that none can be moved
LATE_OF_SHORT_SECONDS = 0.020  # the same for a short interval: it is at most one send more in a second
log = structlog.get_logger()


class NoSlot(Exception):
    """No slot is near, or each one was missed: put the message back."""


class SendPermit:
    """The right of one actor to send one picked message: its slot and its place on the wire. For one thread."""

    def __init__(self, ctx: WorkerContext, picked: Picked) -> None:
        self._ctx = ctx
        self.picked = picked
        self._slot: Slot | None = None
        self._ended = False

    @property
    def message(self) -> Message:
        return self.picked.message

    def reserve(self, until: float = 0.0) -> None:
        """Take a slot that is near, or one before `until` (local clock) if that is given. Raise NoSlot."""
        api = self._ctx.settings.api
        most = pacing.send_ahead_seconds(api)
        ahead = 1 / api.rate - pacing.GIVEN_LATE_SECONDS if pacing.are_given_late(api) else most
        begins_by = until or local_clock() + most
        while True:
            asked_at = local_clock()
            margin = self._ctx.margin.seconds(api)
            slot = pacing.reserve_send(self._ctx.store, self.picked.token, api, margin, ahead)
            if isinstance(slot, Slot):
                break
            if asked_at + slot.wait_seconds > begins_by:
                raise NoSlot
            time.sleep(max(0.0, slot.wait_seconds - ahead))
        self._ctx.clock.observe(slot.said_at, asked_at, local_clock())
        self._ctx.sync_clock_within(MAX_CLOCK_ERROR_SECONDS)
        self._slot = slot
        if until and self._ctx.clock.local(slot.at) > until:
            self.release_slot()
            raise NoSlot

    def wait(self, before_seconds: float = 0.0) -> None:
        """Sleep until so long before the slot."""
        remaining = -self.lateness_seconds() - before_seconds
        if remaining > 0:
            time.sleep(remaining)

    def lateness_seconds(self) -> float:
        """Return how long ago the slot began; negative before it."""
        assert self._slot is not None  # noqa: S101 - reserve comes first
        return local_clock() - self._ctx.clock.local(self._slot.at)

    def missed_slot(self) -> bool:
        """Move the slot if its thread is late. Return whether a send now would come too close to the next."""
        api = self._ctx.settings.api
        if pacing.interval_seconds(api) <= SHORT_SECONDS:
            return self._max_lateness_seconds() > LATE_OF_SHORT_SECONDS
        allowed = LATE_SECONDS if pacing.are_given_late(api) else pacing.margin_seconds(api) or LATE_SECONDS
        for _ in range(SHIFTS):  # again, because the reply takes its time too
            if self._max_lateness_seconds() <= allowed:
                return False
            assert self._slot is not None  # noqa: S101 - reserve comes first
            moved = pacing.shift_slot(self._ctx.store, self.picked.token, self._slot)
            if moved is None:
                break
            self._slot, allowed = moved, LATE_SECONDS
        return self._max_lateness_seconds() > LATE_SECONDS

    def note_first_byte(self) -> None:
        """Move the next slot by what the first byte left late beyond the margin.

        In a thread of its own: the answer of the API is waited for meanwhile, however long Redis takes.
        """
        assert self._slot is not None  # noqa: S101 - reserve comes first
        api, late = self._ctx.settings.api, self._ctx.margin.observe(self.lateness_seconds())
        margin = self._slot.interval_seconds - 1 / api.rate
        # without a margin each move would cost pace
        allowed = LATE_SECONDS if api.margin_seconds == 0 else margin
        if pacing.are_given_late(api) and late > allowed:
            left = (self._slot, late - margin)
            moving = threading.Thread(target=self._move_next, args=left, name=MOVES_SLOT, daemon=True)
            with suppress(RuntimeError):  # no further thread can be had
                moving.start()

    def _move_next(self, slot: Slot, late_seconds: float) -> None:
        try:
            moved = pacing.shift_slot(self._ctx.store, self.picked.token, slot, late_seconds)
        except redis.RedisError as error:
            log.warning("slot_not_moved", **logged(error))
            return
        if moved and self._slot is slot:
            self._slot = moved

    def _max_lateness_seconds(self) -> float:
        """Return the lateness with the error of our estimate of Redis's clock."""
        return self.lateness_seconds() + self._ctx.clock.error_seconds()

    def free_place(self) -> None:
        """Let another send have the place on the wire because this connection does not open."""
        pacing.finish_send(self._ctx.store, self.picked.token, self.message.id, "unused")

    def release_slot(self) -> None:
        """Give the slot back, so that another send may use it."""
        if self._slot:
            pacing.release_slot(self._ctx.store, self.picked.token, self._slot)
            self._slot = None

    def refund_cap(self) -> None:
        """Take the send out of the counts of the caps: the API refused the request."""
        if self._slot:
            pacing.refund_send(self._ctx.store, self.picked.token, self._slot)
            self._slot = None

    def put_back(self, outcome: Outcome) -> None:
        """End the permit of a message that was not claimed, and put it back into its lane."""
        self.finish(outcome)
        pacing.put_back(self._ctx.store, self.message)

    def finish_with(self, work: Commit, outcome: Outcome, hold_seconds: float = 0) -> None:
        """Store the outcome of the message and end the permit, in one command. Raise what `commits.apply` raises.

        If the commit fails, the permit has ended all the same: the message is off the wire.
        """
        ctx, picked = self._ctx, self.picked
        if hold_seconds:
            ctx.margin.note_refusal()
        stored, settled = ctx.store.together(
            [
                commits.call(ctx.store, work),
                pacing.finish_send_call(ctx.store, picked.token, self.message.id, outcome, hold_seconds),
            ]
        )
        if isinstance(settled, Exception):
            raise settled
        self._ended = True
        commits.check(stored)

    def finish(self, outcome: Outcome, hold_seconds: float = 0) -> None:
        """End the permit: the message is off the wire. Later calls do nothing."""
        if not self._ended:
            pacing.finish_send(self._ctx.store, self.picked.token, self.message.id, outcome, hold_seconds)
            self._ended = True


class RateLimiter(Middleware):
    """Picks a message for an actor that sends, or skips the hint if there is none to send now.

    Actors with the option `paced=True` get a token's digest and a hint's number, and take their permit here.
    """

    def __init__(self, ctx: WorkerContext) -> None:
        self._ctx = ctx
        self._mine = threading.local()

    @property
    def actor_options(self) -> set[str]:
        return {"paced"}

    def permit(self) -> SendPermit:
        """Return the permit of the actor that this thread runs."""
        found: SendPermit = self._mine.permit
        return found

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        """Pick a message. Raise SkipMessage if there is none to send now; the schedule knows when there will be."""
        if not broker.get_actor(message.actor_name).options.get("paced"):
            return
        api, lease = self._ctx.settings.api, self._ctx.settings.lease_seconds
        try:
            hint = Hint(*message.args)
            if not self._ctx.api_reach.is_good:
                pacing.drop_hint(self._ctx.store, hint)
                raise SkipMessage
            accounts = self._ctx.accounts_by_token().get(hint.token, [])
            picked = pacing.pick(self._ctx.store, hint, accounts, api, lease)
        except UnsupportedRecord as met:
            skip(self._ctx.store, met)
            raise SkipMessage from None
        except redis.RedisError as error:
            log.warning("message_not_picked", **logged(error))
            raise SkipMessage from None
        if picked is None:
            raise SkipMessage
        self._mine.permit = SendPermit(self._ctx, picked)
        structlog.contextvars.bind_contextvars(message=picked.message.id, account=picked.message.account)

    def after_process_message(self, broker: dramatiq.Broker, *args: Any, **kwargs: Any) -> None:
        """End a permit that its actor left open because it raised: the place on the wire is free again."""
        permit: SendPermit | None = self._mine.__dict__.pop("permit", None)
        if permit:
            permit.finish("unused")
