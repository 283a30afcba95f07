"""Spans by OpenTelemetry, sent by OTLP over HTTP. Only imported if PEC_OTEL is true."""

import os
import socket
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from workers.spans import NOTHING, Processor, log_fields

CLOSE_SECONDS = 5.0  # a collector that is away must not hold up an orderly end
_KINDS = {"intake": SpanKind.CONSUMER, "receipts": SpanKind.INTERNAL}  # all else calls the API or an endpoint
_FAILURES = ("warning", "error", "exception", "critical")
_PROPAGATOR = TraceContextTextMapPropagator()


class OpenTelemetrySpans:
    """Sends a span for each piece of work. What is logged meanwhile is its events."""

    processors: tuple[Processor, ...]

    def __init__(self) -> None:
        named = {"service.name": "pecmassiva", "service.instance.id": f"{socket.gethostname()}:{os.getpid()}"}
        self._provider = TracerProvider(
            resource=Resource.create(named).merge(OTELResourceDetector().detect()), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("pecmassiva")
        self.processors = (_add_to_span,)

    def begin(self, traceparent: str | None, **about: str) -> AbstractContextManager[str | None]:
        return self._span("intake", traceparent, about)

    def span(self, task: str, traceparent: str | None, **about: str) -> AbstractContextManager[str | None]:
        return self._span(task, traceparent, about) if traceparent else NOTHING

    def close(self) -> None:
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)

    @contextmanager
    def _span(self, task: str, traceparent: str | None, about: Mapping[str, str]) -> Iterator[str]:
        parent = Context()  # of no other work
        if traceparent:
            parent = _PROPAGATOR.extract({"traceparent": traceparent}, parent)
        attributes = {f"pec.{name}": value for name, value in about.items()}
        kind = _KINDS.get(task, SpanKind.CLIENT)
        with self._tracer.start_as_current_span(f"pec.{task}", parent, kind, attributes) as span:
            carrier: dict[str, str] = {}
            _PROPAGATOR.inject(carrier)
            ids = log_fields(carrier["traceparent"]) | {"span_id": f"{span.get_span_context().span_id:016x}"}
            with structlog.contextvars.bound_contextvars(**ids):
                yield carrier["traceparent"]


def _add_to_span(_logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add a log line to the span in whose course it is written. From a warning on, the span counts as failed."""
    span = get_current_span()
    if span.is_recording():
        event = str(line["event"])
        span.add_event(event, {name: str(value) for name, value in line.items() if name != "event"})
        if method in _FAILURES:
            span.set_status(Status(StatusCode.ERROR, event))
    return line
