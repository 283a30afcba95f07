"""Hold on to a result while Redis is away: what was done on the wire must be written down."""

import time
from collections.abc import Callable

import redis
import structlog

GIVE_UP_SECONDS = 120.0  # then the scheduled look-up finds the message in the mailbox
FIRST_SECONDS, MAX_SECONDS = 0.1, 2.0
log = structlog.get_logger()


def retry_until_stored(store: Callable[[], None], give_up_seconds: float = GIVE_UP_SECONDS) -> None:
    """Call `store` until Redis takes it. Raise Redis's last error after `give_up_seconds`."""
    started, wait = time.monotonic(), FIRST_SECONDS
    while True:
        try:
            return store()
        except redis.RedisError as error:
            if time.monotonic() - started > give_up_seconds:
                raise
            log.warning("redis_unavailable", error=type(error).__name__)
        time.sleep(wait)
        wait = min(wait * 2, MAX_SECONDS)
