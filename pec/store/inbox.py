"""Mail that came in: published once, kept in a list, and found to reply to a message by what it quotes."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pec.events import of_mail
from pec.incoming import IncomingMail, digest, incoming_from
from pec.instants import from_epoch
from pec.store.store import Store, text, text_dict

DAY_SECONDS = 86_400
SEEN_DAYS = 90  # for which a mail is known to have been published
MAX_LISTED = 10_000  # mails in the list, about
_PAGE = 500


def note_sent(
    store: Store, message_id: str, account: str, quotable: Sequence[str], days: float
) -> list[list[str | float]]:
    """Return the commands that note the ids by which a reply quotes a message, for the commit of its receipt."""
    seconds = round(days * DAY_SECONDS)
    return [
        ["SET", store.keys.quoted(account, digest(one.strip("<> "))), message_id, "EX", seconds]
        for one in quotable
        if one
    ]


def quoted_messages(store: Store, account: str, quoted: Sequence[str]) -> list[str | None]:
    """Return the message that each id names, or None."""
    return _values(store, [store.keys.quoted(account, digest(one.strip("<> "))) for one in quoted])


def messages_of_codes(store: Store, account: str, codes: Sequence[str]) -> list[str | None]:
    """Return the message of each code in a mailbox, or None."""
    return _values(store, [store.keys.code(account, one) for one in codes])


def _values(store: Store, keys: Sequence[str]) -> list[str | None]:
    if not keys:
        return []
    found: Any = store.client.mget(keys)
    return [None if one is None else text(one) for one in found]


def is_known(store: Store, account: str, mail_digest: str) -> bool:
    """Return whether this mail was seen by IMAP before."""
    return bool(store.client.exists(store.keys.mail(account, mail_digest)))


def unknown_on_page(store: Store, account: str, traits: Sequence[str]) -> set[str]:
    """Return those of these digests of mails on a page that no reader has seen."""
    marks = _values(store, [_shared(store, account, one) for one in traits])
    return {one for one, mark in zip(traits, marks, strict=True) if mark is None}


def _shared(store: Store, account: str, traits: str) -> str:
    return store.keys.mail(account, f"page:{traits}")


def receive(store: Store, mail: IncomingMail, now: datetime, traits: str, mail_digest: str = "") -> bool:
    """Publish a mail and add it to the list, unless that was done. Return whether it was new.

    `traits` is what both readers see of it, and `mail_digest` what only IMAP sees.
    """
    keys = store.keys
    event = of_mail(mail, traits + mail_digest, now)
    listed = json.dumps(mail.as_dict(), ensure_ascii=False, separators=(",", ":"))
    mine = keys.mail(mail.account, mail_digest) if mail_digest else ""
    shared = _shared(store, mail.account, traits)
    asked = (mine, shared, mail_digest, SEEN_DAYS * DAY_SECONDS, event.id, event.body, listed, MAX_LISTED)
    return bool(store.run("receive", *asked))


def newest(store: Store) -> Iterator[tuple[datetime, IncomingMail]]:
    """Yield the mails of the list, newest first, each with when it was found."""
    position = "+"
    while True:
        page: Any = store.client.xrevrange(store.keys.inbox, position, count=_PAGE)
        for entry, fields in page:
            at = from_epoch(int(text(entry).partition("-")[0]) / 1000)
            yield at, incoming_from(json.loads(text_dict(fields)["mail"]))
        if len(page) < _PAGE:
            return
        position = f"({text(page[-1][0])}"
