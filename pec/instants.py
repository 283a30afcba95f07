"""Instants as Redis and JSON carry them: RFC 3339 in UTC for people, epoch seconds for sorted sets."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")  # of the API's times, of its caps' days and months, of what people read


def to_text(instant: datetime) -> str:
    """`2026-11-23T09:30:00.000Z`, always UTC, always milliseconds, so that texts sort as instants do."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def from_text(text: str) -> datetime:
    """Raises ValueError where the text is no RFC 3339 instant."""
    return datetime.fromisoformat(text).astimezone(UTC)


def from_epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
