"""The audit stream: acts that can't be undone, one entry each, written before the act."""

import json
from collections.abc import Mapping
from typing import Any

from pec.store.store import Store, text_dict

MAX_ENTRIES = 1_000_000


def note(store: Store, at: str, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> None:
    """Note an act on something, named by its kind and its name."""
    entry = {
        "at": at,
        "actor": actor,
        "action": action,
        "object": subject,
        "details": json.dumps(details, ensure_ascii=False),
    }
    store.client.xadd(store.keys.audit, entry, maxlen=MAX_ENTRIES, approximate=True)  # type: ignore[arg-type]


def entries(store: Store, count: int = 1000) -> list[dict[str, str]]:
    """Return the newest entries, oldest first."""
    found = store.client.xrevrange(store.keys.audit, count=count)
    return [text_dict(fields) for _, fields in reversed(found)]  # type: ignore[arg-type]
