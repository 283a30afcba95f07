"""Acts of people, in the audit stream: who did what to what, and when."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pec.instants import from_epoch, from_text, to_text
from pec.operations.refusals import Contended, Refused
from pec.store import audit
from pec.store.audit import Act
from pec.store.store import Store, wall_clock


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry of the audit stream. `details` is JSON."""

    at: datetime
    actor: str
    action: str
    subject: str
    details: str


def note_act(
    store: Store, actor: str, action: str, subject: str, details: Mapping[str, Any] | None = None
) -> None:
    """Note an act of a person on something, named by its kind and its name: `message:a1`."""
    audit.note(store, to_text(from_epoch(wall_clock())), Act(actor, action, subject, details or {}))


@contextmanager
def noted(
    store: Store, actor: str, action: str, subject: str, details: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """Note an act before it is done, so that none goes unnoted; and that it was refused, if it was."""
    note_act(store, actor, action, subject, details)
    try:
        yield
    except (Refused, Contended) as error:
        note_act(store, actor, f"{action}.refused", subject, {**(details or {}), "why": str(error)})
        raise


def list_acts(store: Store, limit: int) -> list[Noted]:
    """Return the newest entries of the audit stream, newest first."""
    return [
        Noted(
            at=from_text(entry["at"]),
            actor=entry.get("actor", ""),
            action=entry.get("action", ""),
            subject=entry.get("object", ""),
            details=entry.get("details", ""),
        )
        for entry in reversed(audit.entries(store, limit))
    ]
