"""Spans of the work on messages, for OpenTelemetry. Off, it imports nothing and measures nothing.

A trace context is a `traceparent` of W3C. Log lines of work with one have its `trace_id`.
"""

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

import structlog

Processor = Callable[[Any, str, MutableMapping[str, Any]], MutableMapping[str, Any]]  # of structlog
NOTHING: AbstractContextManager[str | None] = nullcontext()


class Spans(Protocol):
    """Measures pieces of work, each on one message."""

    processors: tuple[Processor, ...]  # what they do with each log line

    def begin(self, traceparent: str | None, **about: str) -> AbstractContextManager[str | None]:
        """Measure the intake of a job. Yield the trace context in which its message is worked on."""

    def span(self, task: str, traceparent: str | None, **about: str) -> AbstractContextManager[str | None]:
        """Measure a piece of work in this trace context; without one, nothing. Yield the context of what it calls."""

    def close(self) -> None:
        """Send what was measured and not yet sent."""


class NoSpans:
    """Measures nothing. The context is passed on as it came."""

    processors: tuple[Processor, ...] = ()

    def begin(self, traceparent: str | None, **about: str) -> AbstractContextManager[str | None]:
        return self.span("intake", traceparent, **about)

    def span(self, task: str, traceparent: str | None, **about: str) -> AbstractContextManager[str | None]:
        return NOTHING if traceparent is None else _logged(traceparent)

    def close(self) -> None:
        return


def log_fields(traceparent: str | None) -> dict[str, str]:
    """Return the fields that log lines of work in this trace context have."""
    return {"trace_id": traceparent.split("-")[1]} if traceparent else {}


@contextmanager
def _logged(traceparent: str) -> Iterator[str]:
    with structlog.contextvars.bound_contextvars(**log_fields(traceparent)):
        yield traceparent
