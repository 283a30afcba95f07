"""The header Retry-After, in either of its forms, and in none."""

from datetime import UTC, datetime

import pytest

from pec.http.retry_after import retry_after_seconds

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 120 ", 120),
        ("0", 0),
        ("Thu, 01 Jan 2026 12:01:00 GMT", 60),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("inf", None),
        ("9" * 5000, None),
        ("Thu, 01 Jan 2026 12:01:00", None),
        ("Thu, 01 Jan 99999999999 12:01:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOON) == seconds
