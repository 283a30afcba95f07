"""The rate limiter: picks a message for an actor that sends, or skips the hint if there is none to send now.

The rules (GCRA on Redis's clock, lanes, turns, caps, the API's circuit) are in `pec.store.pacing` and its scripts.
"""

import threading
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.middleware import Middleware, SkipMessage

from pec.messages import UnsupportedRecord
from pec.store import pacing
from pec.store.pacing import Hint
from workers.context import WorkerContext
from workers.send_permit import SendPermit
from workers.unsupported import skip

log = structlog.get_logger()


class RateLimiter(Middleware):
    """Actors with the option `paced=True` get a token's digest and a hint's number, and take their permit here."""

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
            accounts = self._ctx.accounts_by_token().get(hint.token, [])
            picked = pacing.pick(self._ctx.store, hint, accounts, api, lease)
        except UnsupportedRecord as met:
            skip(self._ctx.store, met)
            raise SkipMessage from None
        except redis.RedisError as error:
            log.warning("message_not_picked", error=type(error).__name__)
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
