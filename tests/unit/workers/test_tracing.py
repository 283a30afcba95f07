"""Work without a trace costs nothing, and a missing OpenTelemetry is named."""

from importlib.metadata import PackageNotFoundError

import pytest
import structlog

from config.settings import SettingsError
from workers import tracing
from workers.spans import NOTHING, NoSpans
from workers.tracing import open_spans

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_work_without_a_trace_is_not_measured() -> None:
    spans = open_spans(on=False)

    assert isinstance(spans, NoSpans)
    assert spans.span("send", None, message="m") is NOTHING
    assert spans.begin(None, job="m") is NOTHING


def test_work_in_a_trace_names_it_in_each_log_line() -> None:
    with NoSpans().span("send", TRACEPARENT, message="m") as current:
        assert current == TRACEPARENT
        assert structlog.contextvars.get_contextvars() == {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}
    assert structlog.contextvars.get_contextvars() == {}


def test_opentelemetry_that_is_not_installed_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(tracing, "distribution", absent)

    with pytest.raises(SettingsError, match=r"install pecmassiva\[otel\]"):
        open_spans(on=True)
