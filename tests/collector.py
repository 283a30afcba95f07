"""A collector of OpenTelemetry as its users run one: it takes traces by OTLP over HTTP, in protobuf."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status


@dataclass(frozen=True)
class Collected:
    """A span, with its ids as they are written in a traceparent."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    service: str
    failed: bool
    events: tuple[str, ...]
    attributes: dict[str, str] = field(hash=False)


class Collector:
    """Keeps all spans that come."""

    def __init__(self) -> None:
        self.spans: list[Collected] = []
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01])
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def names_in(self, trace_id: str) -> set[str]:
        """The names of the spans of a trace so far."""
        return {span.name for span in self.spans if span.trace_id == trace_id}

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            named = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [_collected(span, named["service.name"]) for span in scope.spans]


def _collected(span: Span, service: str) -> Collected:
    return Collected(
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        service,
        span.status.code == Status.STATUS_CODE_ERROR,
        tuple(event.name for event in span.events),
        {one.key: one.value.string_value for one in span.attributes},
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for them

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_traces = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
        if is_traces:
            self.server.collector.take(body)
        self.send_response(200 if is_traces else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing: tests read `spans`."""
