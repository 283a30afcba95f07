"""Logging: structlog for our events, the same format for libraries, nothing secret in either."""

import logging
import sys
from collections.abc import Sequence
from typing import Any

import structlog
import structlog.tracebacks

# Without local variables: one of them may be a password.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure_logging(
    level: str = "info", as_json: bool | None = None, processors: Sequence[Any] = ()
) -> None:
    """Log to stderr: JSON lines for machines, colours for a terminal. Call once, in a composition root.

    Each line of ours passes through `processors` too.
    """
    if as_json is None:
        as_json = not sys.stderr.isatty()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[Any] = (
        [_TRACEBACKS, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if as_json
        else [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[*shared, *processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    handler.addFilter(_redis_away_is_no_emergency)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("urllib3", "asyncio"):  # at debug they print URLs with queries, and bodies' sizes
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("dramatiq.worker.WorkerThread").addFilter(_not_a_skip)


def _not_a_skip(record: logging.LogRecord) -> bool:
    """Skipping a hint whose turn is not near is routine; Dramatiq warns of each."""
    return record.msg != "Message %s was skipped."


def _redis_away_is_no_emergency(record: logging.LogRecord) -> bool:
    """Dramatiq's consumers reconnect; an alert on `critical` should not ring at each restart of Redis."""
    if record.name.startswith("dramatiq.worker.ConsumerThread") and "connection error" in str(record.msg):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
