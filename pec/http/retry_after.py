"""The header Retry-After, as seconds. Pure."""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime


def retry_after_seconds(header: str, now: datetime | None) -> float | None:
    """Return the seconds to wait, a date being compared with `now`. None: not understood."""
    if re.fullmatch(r"[0-9]{1,9}", header.strip()):
        return float(header)
    until = http_date(header)
    if until is None or now is None:
        return None
    return max(0.0, (until - now).total_seconds())


def http_date(text: str) -> datetime | None:
    """Return the instant that a header names; None if it can't be read, or has no zone."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else None
