"""Log context: what is being done and to whom, bound around every actor, unbound whatever happens."""

from typing import Any

import dramatiq
import structlog
from dramatiq.middleware import Middleware


class LogContext(Middleware):
    """Outermost, so that everything logged in between carries it."""

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(task=message.actor_name, key=str(message.args[0]))

    def after_process_message(self, broker: dramatiq.Broker, *args: Any, **kwargs: Any) -> None:
        structlog.contextvars.clear_contextvars()

    after_skip_message = after_process_message
