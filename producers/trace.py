"""The trace that a job belongs to: the one that the program states, or that of its current OpenTelemetry span."""

import sys
from typing import Any


def in_current_trace(job: dict[str, Any]) -> dict[str, Any]:
    """Return the job with the context of the current span, if it has none of its own and there is such a span.

    A program without OpenTelemetry never imported it, and nor is it imported here.
    """
    api = sys.modules.get("opentelemetry.trace")
    if api is None or job.get("traceparent") is not None:
        return job
    span = api.get_current_span().get_span_context()
    if not span.is_valid:
        return job
    return job | {"traceparent": f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"}
