"""Cursors of lists, encrypted: each holds the id of a message, perhaps of a mailbox that the reader may not see."""

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from pec.store.store import Store

MAX_LENGTH = 500  # characters; the longest id takes fewer

Place = tuple[float, str]  # of a message in its list: score and id


class NoCursor(ValueError):
    """The text is no cursor that this reader was given."""


def seal(store: Store, reader: str, place: Place) -> str:
    """Return the place as a text that shows nothing, and that counts for this reader only."""
    return _cipher(store).encrypt(json.dumps([reader, *place]).encode()).decode().rstrip("=")


def unseal(store: Store, reader: str, cursor: str) -> Place:
    """Return the place. Raise NoCursor."""
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        owner, score, message_id = json.loads(_cipher(store).decrypt(padded.encode()))
    except InvalidToken:
        raise NoCursor from None
    if owner != reader:
        raise NoCursor
    return float(score), str(message_id)


def _cipher(store: Store) -> Fernet:
    """Return the cipher of this installation. The first caller makes its key."""
    found: Any = store.client.get(store.keys.cursors)
    if found is None:
        store.client.set(store.keys.cursors, Fernet.generate_key(), nx=True)
        found = store.client.get(store.keys.cursors)
    return Fernet(found)
