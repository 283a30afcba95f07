"""Receipts in mailboxes: where they lie, which to look at again, and which codes to search for."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pec.store import commits
from pec.store.commits import Commit
from pec.store.imap_state import make_due
from pec.store.store import Store, text, text_dict

MAX_REVISITS = 20_000  # receipts of a mailbox whose code no message has
REVISIT_SECONDS = 8 * 86_400.0  # longer than a message stays uncertain or held


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a mail in its mailbox."""

    folder: str
    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Revisit:
    """A receipt to look at again. `entry` is how Redis holds it. `unarchived`: its message has no original of it."""

    entry: str
    unarchived: bool
    code: str
    place: Place
    seen_at: float


# Receipts to look at again


def revisit_later(
    store: Store,
    account: str,
    found: Iterable[tuple[str, Place]],
    now: float,
    *,
    unarchived: bool,
    history: str = "",
) -> set[str]:
    """Have these receipts looked at again: their code belongs to no message yet, or they are not in the archive.

    Return their entries. Raise OtherHistory.
    """
    entries = {_entry(code, place, unarchived) for code, place in found}
    if not entries:
        return set()
    key = store.keys.imap_revisit(account)
    commands: list[list[str | float]] = [
        ["ZADD", key, "NX", *(part for entry in entries for part in (now, entry))],
        ["ZREMRANGEBYSCORE", key, "-inf", now - REVISIT_SECONDS],
        ["ZREMRANGEBYRANK", key, 0, -MAX_REVISITS - 1],
    ]
    commits.apply(store, Commit(commands=commands, history=history))
    return entries


def revisits(store: Store, account: str, since: float) -> list[Revisit]:
    """Return the receipts to look at again that were first seen since then."""
    found: Any = store.client.zrange(
        store.keys.imap_revisit(account), since, "+inf", byscore=True, withscores=True
    )
    return [_revisit(text(entry), float(at)) for entry, at in found]


def revisited(store: Store, account: str, entries: Iterable[str], history: str) -> None:
    """Forget receipts that need not be looked at again. Raise OtherHistory."""
    if gone := list(entries):
        command = ["ZREM", store.keys.imap_revisit(account), *gone]
        commits.apply(store, Commit(commands=[command], history=history))


def owned_codes(store: Store, account: str, codes: Iterable[str]) -> set[str]:
    """Return those of the codes that belong to a message."""
    wanted = list(dict.fromkeys(codes))
    if not wanted:
        return set()
    owners = store.client.mget([store.keys.code(account, code) for code in wanted])
    return {code for code, owner in zip(wanted, owners, strict=True) if owner is not None}


def _entry(code: str, place: Place, unarchived: bool) -> str:
    return json.dumps([code, place.folder, place.validity, place.uid, unarchived], ensure_ascii=False)


def _revisit(entry: str, seen_at: float) -> Revisit:
    code, folder, validity, uid, unarchived = json.loads(entry)
    return Revisit(entry, unarchived, code, Place(folder, validity, uid), seen_at)


# Codes to search for


def seek(store: Store, account: str, code: str, now: float) -> None:
    """Have the receipts of a code searched for: they may have come before the mailbox was read."""
    store.client.sadd(store.keys.imap_seek(account), code)
    make_due(store, account, now)


def sought(store: Store, account: str) -> list[str]:
    """Return codes to search for."""
    return sorted(text(code) for code in store.client.smembers(store.keys.imap_seek(account)))


def found(store: Store, account: str, code: str, history: str) -> None:
    """Forget a code that was searched for. Raise OtherHistory."""
    command = ["SREM", store.keys.imap_seek(account), code]
    commits.apply(store, Commit(commands=[command], history=history))


# Places


def place_field(place: Place) -> str:
    """Return the name of a field of `pec:places:<id>`."""
    return f"{place.validity} {place.uid} {place.folder}"


def places_of(store: Store, message_id: str) -> dict[Place, str]:
    """Return where the receipts of a message lie: the SHA-256 of each mail, by place."""
    found = text_dict(store.client.hgetall(store.keys.places(message_id)))
    return {_place(name): sha256 for name, sha256 in found.items()}


def _place(name: str) -> Place:
    validity, uid, folder = name.split(" ", 2)
    return Place(folder, int(validity), int(uid))
