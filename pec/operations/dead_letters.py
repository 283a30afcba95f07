"""Webhook deliveries that were given up, as an operator looks at them."""

from dataclasses import asdict
from typing import Any

from pec.store import dead_letters
from pec.store.dead_letters import DeadLetter
from pec.store.store import Store


def list_dead_letters(store: Store, endpoint: str | None, limit: int) -> list[DeadLetter]:
    """Return the dead letters of one endpoint, or of all, newest first."""
    return dead_letters.newest(store, endpoint, limit)


def page_of_dead_letters(
    store: Store, endpoint: str | None = None, before: str = "", limit: int = 50
) -> tuple[list[DeadLetter], str]:
    """Return a page of dead letters, newest first, and where the next one begins; an empty text is the end."""
    return dead_letters.page(store, endpoint, before, limit)


def dead_letter_dict(letter: DeadLetter) -> dict[str, Any]:
    """Return the object that `pec dead --json` prints."""
    return asdict(letter)
