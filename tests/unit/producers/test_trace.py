"""A job belongs to the trace that is stated, else to that of the program's current span."""

import subprocess
import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from producers.trace import in_current_trace

STATED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_job_belongs_to_the_current_span() -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    with provider.get_tracer("shop").start_as_current_span("order") as span:
        ids = span.get_span_context()
        assert in_current_trace({"id": "m"})["traceparent"] == (
            f"00-{ids.trace_id:032x}-{ids.span_id:016x}-{ids.trace_flags:02x}"
        )
        assert in_current_trace({"id": "m", "traceparent": None})["traceparent"]
        assert in_current_trace({"id": "m", "traceparent": STATED}) == {"id": "m", "traceparent": STATED}


@pytest.mark.parametrize("span", [trace.INVALID_SPAN, None])
def test_a_job_outside_of_any_span_belongs_to_no_trace(span: trace.Span | None) -> None:
    if span is None:
        assert in_current_trace({"id": "m"}) == {"id": "m"}
    else:
        with trace.use_span(span):
            assert in_current_trace({"id": "m"}) == {"id": "m"}


def test_a_program_without_opentelemetry_needs_none() -> None:
    program = (
        "import sys; sys.modules['opentelemetry'] = None; from producers.trace import in_current_trace; "
        "assert in_current_trace({'id': 'm'}) == {'id': 'm'}"
    )
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)
