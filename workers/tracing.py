"""Open the spans of a worker process. OpenTelemetry is imported only if PEC_OTEL is true."""

from importlib.metadata import PackageNotFoundError, distribution

from config.settings import SettingsError
from config.texts import _
from workers.spans import NoSpans, Spans


def open_spans(on: bool) -> Spans:
    """Return the spans of this process, which OTEL_… variables configure. Raise SettingsError."""
    if not on:
        return NoSpans()
    require_opentelemetry()
    from workers.opentelemetry_spans import OpenTelemetrySpans

    return OpenTelemetrySpans()


def require_opentelemetry() -> None:
    """Raise SettingsError if OpenTelemetry is not installed."""
    try:
        distribution("opentelemetry-exporter-otlp-proto-http")
    except PackageNotFoundError:
        raise SettingsError(
            _("PEC_OTEL: OpenTelemetry is not installed here: install pecmassiva[otel], or unset it")
        ) from None
