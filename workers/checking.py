"""One look for the receipts of a sent message: GET /send/{code}, and what it shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from pec.api.client import Mail
from pec.api.errors import ApiError, NotFound
from pec.backoff import delay
from pec.changes import Change
from pec.messages import Message
from pec.names import Queue
from pec.receipts import Receipt, Unrecognised, read
from pec.store import commits, records
from pec.store.commits import Commit, Conflict, commit
from pec.store.records import Kept
from pec.transitions import duplicated, observed
from workers.calls import Unreadable, paced
from workers.crowds import hand_over, left_to_pages, until_pages_tell
from workers.kit import Kit, NotServed
from workers.searching import search

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look showed. `other_code`: of an earlier attempt, thought lost, that was sent too."""

    mails: list[Mail]
    other_code: str | None = None
    from_page: bool = False


def check(kit: Kit, message_id: str) -> None:
    """Looks, unless pages of the mailbox will tell. Nothing yet is no failure: it schedules the next look."""
    if hand_over(kit, message_id):
        return
    message, kept = records.read_with_receipts(kit.store, message_id)
    if message is None or message.code is None:
        kit.store.clear_due(Queue.CHECK, message_id)
    elif not left_to_pages(kit, message):
        look(kit, message, kept)


def look(kit: Kit, message: Message, kept: Kept) -> None:
    """Asks for the message's code, and commits what is seen, texts and all."""
    try:
        mails = mails_of(kit, message.account, message.code or "", yields=True)
        other_code = _sent_before(kit, message)
    except NotServed:
        kit.leave_to_others(Queue.CHECK, message.id)
    except Unreadable as error:
        _later(kit, message, error.code)
    else:
        keep(kit, message, kept, Seen(mails, other_code))


def mails_of(kit: Kit, account: str, code: str, *, yields: bool = False) -> list[Mail]:
    """What the mailbox has on a code; none yet is an empty list. Raises NotServed and Unreadable."""
    try:
        return paced(kit, account, lambda mailbox: kit.client.receipts(mailbox, code), yields=yields)
    except NotFound:
        return []
    except ApiError as error:
        raise Unreadable(error.code) from None


def read_mails(subject: str, code: str, mails: list[Mail]) -> tuple[list[Receipt], list[Unrecognised]]:
    """The receipts among them, and those on our code that can't be taken for one. `subject` is the one sent."""
    found = [read(mail, code, subject or None) for mail in mails]
    receipts = [one for one in found if isinstance(one, Receipt)]
    return receipts, [one for one in found if isinstance(one, Unrecognised)]


def keep(kit: Kit, message: Message | None, kept: Kept, seen: Seen) -> None:
    """Commits what was seen, on the record as it is now."""
    while message and message.code:
        change = _change(kit, message, kept, seen)
        if seen.other_code and not message.duplicate:
            change = duplicated(change, seen.other_code)
        try:
            commit(kit.store, change)
        except Conflict:
            message, kept = records.read_with_receipts(kit.store, message.id)
            continue
        _log_state(change)
        return


def keep_from_page(kit: Kit, found: Sequence[tuple[Message, Kept, list[Mail]]]) -> None:
    """Commits what a page showed of many messages: each by itself, all in one write."""
    seen = [(message, kept, Seen(mails, from_page=True)) for message, kept, mails in found]
    changes = [_change(kit, *one) for one in seen]
    replies = kit.store.together([commits.call(kit.store, Commit([change])) for change in changes])
    for (message, _, shown), change, reply in zip(seen, changes, replies, strict=True):
        try:
            commits.check(reply)
        except Conflict:
            keep(kit, *records.read_with_receipts(kit.store, message.id), shown)
        else:
            _log_state(change)


def _log_state(change: Change) -> None:
    if change.moved:
        log.info("state_changed", state=str(change.after.state), code=change.after.code)


def _change(kit: Kit, message: Message, kept: Kept, seen: Seen) -> Change:
    receipts, unrecognised = read_mails(message.sent_subject, message.code or "", seen.mails)
    untold = [one for one in unrecognised if one.key not in kept.marks]
    rules, chance = kit.settings.receipts, kit.chance()
    change = observed(message, kept.receipts, receipts, untold, kit.now(), rules, chance, seen.from_page)
    return until_pages_tell(kit, change) if seen.from_page else change


def _later(kit: Kit, message: Message, why: str) -> None:
    wait = delay(kit.settings.receipts.backoff, message.looks, kit.chance())
    log.info("mailbox_unreadable", why=why, again_in_seconds=wait.total_seconds())
    kit.store.set_due(Queue.CHECK, message.id, (kit.now() + wait).timestamp())


def _sent_before(kit: Kit, message: Message) -> str | None:
    """The code of an earlier attempt, thought lost, where the mailbox shows that it was sent too."""
    if message.duplicate:
        return None
    for reference in message.suspects:
        for receipt in search(kit, message, reference):
            if receipt.code != message.code:
                return receipt.code
    return None
