"""The events that were published, as an operator counts them."""

from typing import Any

from pec.store.store import Store, text_dict


def published_ids(store: Store) -> set[str]:
    """Return the webhook-ids of all events that `pec:events` holds."""
    entries: Any = store.client.xrange(store.keys.events)
    return {text_dict(fields)["id"] for _, fields in entries}
