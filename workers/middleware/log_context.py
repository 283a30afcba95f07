"""Log context: the task and its key, bound around every actor, unbound whatever happens."""

from typing import Any

import dramatiq
import structlog
from dramatiq.middleware import Middleware


class LogContext(Middleware):
    """The outermost middleware, so that all that is logged in between carries the context."""

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(task=message.actor_name, key=str(message.args[0]))

    def after_process_message(self, broker: dramatiq.Broker, *args: Any, **kwargs: Any) -> None:
        structlog.contextvars.clear_contextvars()

    after_skip_message = after_process_message
