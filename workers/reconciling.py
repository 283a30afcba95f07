"""After a restore: what may have been sent since the backup is looked for in its mailbox before it is sent.

The backup knows neither the attempt nor its reference, so a message is told by its subject, with whatever reference,
and by its recipients, as the text of its ACCETTAZIONE names them.
"""

from collections.abc import Iterator
from datetime import datetime

import structlog

from pec.changes import Change
from pec.messages import Message, Reason
from pec.receipts import Receipt, find, mark, reference_in
from pec.store import records
from pec.store.commits import Commit, Conflict, Present, apply
from pec.transitions import UNREADABLE_RETRY_SECONDS, doubtful, found_sent, returned
from workers.calls import Unreadable
from workers.checking import mails_of, read_mails
from workers.kit import Kit
from workers.looking_up import has_room
from workers.searching import CLOCKS_APART, accepted_for, mails_with, query_of

log = structlog.get_logger()


def settled_before_sending(kit: Kit, message: Message, since: datetime) -> bool:
    """Whether the message is not to be sent now: found as sent, held for an operator, or the mailbox can't be read.

    Raises NotServed.
    """
    try:
        change = _change(kit, message, since)
    except Unreadable as error:
        reason = Reason(
            "mailbox_unreadable", f"its mailbox can't be searched before it is sent: {error.code}"
        )
        change = returned(message, kit.now(), reason, UNREADABLE_RETRY_SECONDS, kit.chance())
    if change is None:
        return False
    _keep(kit, change)
    return True


def _change(kit: Kit, message: Message, since: datetime) -> Change | None:
    """None where the mailbox proves that it was not sent. Raises Unreadable."""
    if not (query_of(message.subject) or message.referenced):
        return doubtful(message, kit.now(), "its subject has nothing to search for")
    found = dict(_sent_since(kit, message, since - CLOCKS_APART))
    if len(found) > 1:
        return doubtful(message, kit.now(), f"{len(found)} alike were sent: {', '.join(sorted(found))}")
    for code, (reference, receipts) in found.items():
        rules, chance = kit.settings.receipts, kit.chance()
        return found_sent(message, code, reference, receipts, kit.now(), rules, chance)
    if not has_room(kit, message.account):
        raise Unreadable("mailbox_full")
    return None


def _sent_since(
    kit: Kit, message: Message, since: datetime
) -> Iterator[tuple[str, tuple[str | None, list[Receipt]]]]:
    """Codes that are nobody's and whose receipts tell of this message, each with its reference and receipts."""
    codes: dict[str, str | None] = {}
    for mail in mails_with(kit, message.account, query_of(message.subject)):
        reference = reference_in(mail.subject)
        subject = f"{message.subject} {mark(reference)}" if reference else message.subject
        receipt = find(mail, subject, reference)
        if receipt and (receipt.date is None or receipt.date >= since):
            codes[receipt.code] = reference
    for code, reference in codes.items():
        if records.owner_of(kit.store, message.account, code) is None:
            receipts = _receipts_of(kit, message, code, reference)
            if accepted_for(message, receipts):
                yield code, (reference, receipts)


def _receipts_of(kit: Kit, message: Message, code: str, reference: str | None) -> list[Receipt]:
    """With their texts."""
    subject = f"{message.subject} {mark(reference)}" if reference else message.subject
    receipts, _ = read_mails(subject, code, mails_of(kit, message.account, code))
    return receipts


def _keep(kit: Kit, change: Change) -> None:
    code = change.after.code
    absent = [kit.store.keys.code(change.after.account, code)] if code else []
    try:
        apply(kit.store, Commit([change], absent=absent))
    except (Conflict, Present) as why:
        log.info("settled_elsewhere", why=type(why).__name__)  # its lease brings it back
        return
    log.info("reconciled", state=str(change.after.state), code=code)
