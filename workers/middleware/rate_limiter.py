"""The rate limiter: gives an actor its turn to send, or gives the work back when no turn is near.

The rules (GCRA on Redis's clock, lanes, turns, caps, the API's circuit) are in `pec.store.pace` and its scripts.
"""

import threading
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.middleware import Middleware, SkipMessage

from pec.messages import UnknownRecord
from pec.store import pace
from pec.store.pace import Hint
from workers.kit import Kit
from workers.strangers import left_alone
from workers.turn import Turn

log = structlog.get_logger()


class RateLimiter(Middleware):
    """Actors with the option `paced=True` take a token's digest and a hint's number, and find their turn here."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._mine = threading.local()

    @property
    def actor_options(self) -> set[str]:
        return {"paced"}

    def turn(self) -> Turn:
        """The turn of the actor that this thread runs."""
        found: Turn = self._mine.turn
        return found

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        """Raises SkipMessage where there is nothing to send now; the schedule knows when there will be."""
        if not broker.get_actor(message.actor_name).options.get("paced"):
            return
        api, lease = self._kit.settings.api, self._kit.settings.lease
        try:
            hint = Hint(*message.args)
            accounts = self._kit.accounts_by_token().get(hint.token, [])
            picked = pace.pick(self._kit.store, hint, accounts, api, lease)
        except UnknownRecord as met:
            left_alone(self._kit.store, met)
            raise SkipMessage from None
        except redis.RedisError as error:
            log.warning("not_picked", error=type(error).__name__)
            raise SkipMessage from None
        if picked is None:
            raise SkipMessage
        self._mine.turn = Turn(self._kit, picked)
        structlog.contextvars.bind_contextvars(message=picked.message.id, account=picked.message.account)

    def after_process_message(self, broker: dramatiq.Broker, *args: Any, **kwargs: Any) -> None:
        """A turn that its actor left open (it raised) is ended: its place on the wire is free again."""
        turn: Turn | None = self._mine.__dict__.pop("turn", None)
        if turn:
            turn.end("unused")
