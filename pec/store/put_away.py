"""Mails that a client of the gateway deleted: they stay in the mailbox, and are not shown to it again."""

from collections.abc import Sequence
from hashlib import sha256

from pec.receipts import Mail
from pec.store.store import Store

KEEP_SECONDS = 400 * 86_400


def digest_of(mail: Mail) -> str:
    """Return a digest that is equal for a mail in a list and by its id: its date and subject."""
    at = int(mail.date.timestamp()) if mail.date else ""
    return sha256(f"{at}\n{' '.join(mail.subject.split())}".encode("utf-8", "replace")).hexdigest()[:24]


def add(store: Store, account: str, mail: Mail, now: float) -> None:
    """Show the mail no more (epoch seconds)."""
    key = store.keys.put_away(account)
    with store.client.pipeline(transaction=False) as pipeline:
        pipeline.zadd(key, {digest_of(mail): now})
        pipeline.zremrangebyscore(key, "-inf", now - KEEP_SECONDS)
        pipeline.execute()


def among(store: Store, account: str, mails: Sequence[Mail]) -> list[bool]:
    """Return for each mail whether it was put away."""
    if not mails:
        return []
    scores = store.client.zmscore(store.keys.put_away(account), [digest_of(one) for one in mails])
    return [score is not None for score in scores]
