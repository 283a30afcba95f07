"""After a restore: what may have been sent since the backup is looked for in its mailbox before it is sent.

The backup has not seen the attempt, but its reference is made of the message's id, so it is known all the same. Where
the subject carries none, another PEC can be alike in all that receipts tell: then an operator must look.
"""

from datetime import datetime

import structlog

from pec.changes import Change
from pec.messages import Message, Reason
from pec.receipts import Receipt, find
from pec.references import reference_of
from pec.store import records
from pec.store.commits import Commit, Conflict, Present, apply
from pec.transitions import UNREADABLE_RETRY_SECONDS, doubtful, found_sent, returned
from workers.calls import Unreadable
from workers.checking import mails_of, read_mails
from workers.kit import Kit
from workers.looking_up import has_room
from workers.searching import CLOCKS_APART, TOO_MANY_MAILS, mails_with, names_others, query_of, search

LATER_ATTEMPTS = 2  # since the backup: one, and one that an operator asked for after it
log = structlog.get_logger()


def settled_before_sending(kit: Kit, message: Message, since: datetime) -> bool:
    """Whether the message is not to be sent now: found as sent, held for an operator, or the mailbox can't be read.

    Raises NotServed.
    """
    try:
        change = _by_reference(kit, message) if message.referenced else _by_subject(kit, message, since)
        if change is None and not has_room(kit, message.account):
            raise Unreadable("mailbox_full")
    except Unreadable as error:
        change = _unread(kit, message, error)
    if change is None:
        return False
    _keep(kit, change)
    return True


def _unread(kit: Kit, message: Message, error: Unreadable) -> Change:
    """Later it may be read; of too many mails there will be no fewer: an operator must look."""
    if error.code == TOO_MANY_MAILS:
        return doubtful(message, kit.now(), "its mailbox has more mails of this subject than can be read")
    reason = Reason("mailbox_unreadable", f"its mailbox can't be searched before it is sent: {error.code}")
    return returned(message, kit.now(), reason, UNREADABLE_RETRY_SECONDS, kit.chance())


def _by_reference(kit: Kit, message: Message) -> Change | None:
    """None where the mailbox proves that it was not sent. Raises Unreadable."""
    made = len(message.suspects)
    for number in range(made, made + LATER_ATTEMPTS):
        reference = reference_of(kit.store.keys.namespace, message.id, number)
        receipts = search(kit, message, reference)
        if receipts:
            return _adoption(kit, message, reference, receipts)
    return None


def _adoption(kit: Kit, message: Message, reference: str, receipts: list[Receipt]) -> Change:
    """Under the code that the receipts tell, with their texts."""
    code = receipts[0].code
    rules, chance = kit.settings.receipts, kit.chance()
    found = found_sent(message, code, reference, receipts, kit.now(), rules, chance)
    with_texts, _ = read_mails(found.after.sent_subject, code, mails_of(kit, message.account, code))
    return found_sent(message, code, reference, [*receipts, *with_texts], kit.now(), rules, chance)


def _by_subject(kit: Kit, message: Message, since: datetime) -> Change | None:
    """None where nothing alike was sent since the backup. Raises Unreadable."""
    query = query_of(message.subject)
    if not query:
        return doubtful(message, kit.now(), "its subject has nothing to search for")
    found = (find(mail, message.subject, None) for mail in mails_with(kit, message.account, query))
    recent = (one for one in found if one and (one.date is None or one.date >= since - CLOCKS_APART))
    for code in sorted({receipt.code for receipt in recent}):
        mine = records.owner_of(kit.store, message.account, code) is None
        if mine and not names_others(kit, message, code):
            return doubtful(message, kit.now(), f"one alike was sent: {code}")
    return None


def _keep(kit: Kit, change: Change) -> None:
    code = change.after.code
    absent = [kit.store.keys.code(change.after.account, code)] if code else []
    try:
        apply(kit.store, Commit([change], absent=absent))
    except (Conflict, Present) as why:
        log.info("settled_elsewhere", why=type(why).__name__)  # its lease brings it back
        return
    log.info("reconciled", state=str(change.after.state), code=code)
