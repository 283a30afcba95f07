"""The trace context of W3C (`traceparent`) that a job may bring, so that its PEC is part of the producer's trace.

As the W3C says, a context that is not valid is ignored: no PEC is refused for its trace.
"""

import json
import re

_VERSION = "00"
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII | re.DOTALL)
_FLAGS_OF_LATER_VERSIONS = 0x01  # what is known of them: whether the trace is recorded


def valid_or_none(traceparent: str) -> str | None:
    """Return the context as version 00 writes it, or None if it is not valid."""
    found = _FORM.fullmatch(traceparent)
    if not found:
        return None
    version, trace_id, parent_id, flags, more = found.groups()
    if version == "ff" or not int(trace_id, 16) or not int(parent_id, 16) or (version == _VERSION and more):
        return None
    if version != _VERSION:
        flags = f"{int(flags, 16) & _FLAGS_OF_LATER_VERSIONS:02x}"
    return f"{_VERSION}-{trace_id}-{parent_id}-{flags}"


def of_event(body: str) -> str | None:
    """Return the context of an event's message, from the event's JSON. An event without one is not parsed."""
    if '"traceparent":' not in body:
        return None
    stated = json.loads(body)["data"].get("traceparent")  # metadata may have such a field too
    return valid_or_none(stated) if isinstance(stated, str) else None
