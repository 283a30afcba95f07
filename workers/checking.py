"""One look for the receipts of a sent message: GET /send/{code}, and what it shows."""

import structlog

from pec.api.client import Mail
from pec.api.errors import ApiError, NotFound
from pec.backoff import delay
from pec.changes import Change
from pec.messages import Message
from pec.names import Queue
from pec.receipts import Receipt, Unrecognised, read
from pec.store import records
from pec.store.commits import Conflict, commit
from pec.store.records import Kept
from pec.transitions import duplicated, observed
from workers.calls import Unreadable, paced
from workers.kit import Kit, NotServed
from workers.searching import search

OTHERS_SECONDS = 2.0  # in which another worker, that has the account, may take the check
log = structlog.get_logger()


def check(kit: Kit, message_id: str) -> None:
    """Looks, and commits what is seen. Nothing yet is no failure: it schedules the next look."""
    message, kept = records.read_with_receipts(kit.store, message_id)
    if message is None or message.code is None:
        kit.store.clear_due(Queue.CHECK, message_id)
        return
    try:
        mails = mails_of(kit, message.account, message.code)
        other_code = _sent_before(kit, message)
    except NotServed:
        kit.store.set_due(Queue.CHECK, message_id, kit.now().timestamp() + OTHERS_SECONDS)
        return
    except Unreadable as error:
        _later(kit, message, error.code)
        return
    _keep(kit, message, kept, mails, other_code)


def mails_of(kit: Kit, account: str, code: str) -> list[Mail]:
    """What the mailbox has on a code; none yet is an empty list. Raises NotServed and Unreadable."""
    try:
        return paced(kit, account, lambda mailbox: kit.client.receipts(mailbox, code))
    except NotFound:
        return []
    except ApiError as error:
        raise Unreadable(error.code) from None


def read_mails(subject: str, code: str, mails: list[Mail]) -> tuple[list[Receipt], list[Unrecognised]]:
    """The receipts among them, and those on our code that can't be taken for one. `subject` is the one sent."""
    found = [read(mail, code, subject or None) for mail in mails]
    receipts = [one for one in found if isinstance(one, Receipt)]
    return receipts, [one for one in found if isinstance(one, Unrecognised)]


def _keep(kit: Kit, message: Message | None, kept: Kept, mails: list[Mail], other_code: str | None) -> None:
    while message and message.code:
        change = _change(kit, message, kept, mails)
        if other_code and not message.duplicate:
            change = duplicated(change, other_code)
        try:
            commit(kit.store, change)
        except Conflict:
            message, kept = records.read_with_receipts(kit.store, message.id)
            continue
        if change.moved:
            log.info("state_changed", state=str(change.after.state), code=message.code)
        return


def _change(kit: Kit, message: Message, kept: Kept, mails: list[Mail]) -> Change:
    receipts, unrecognised = read_mails(message.sent_subject, message.code or "", mails)
    untold = [one for one in unrecognised if one.key not in kept.marks]
    return observed(message, kept.receipts, receipts, untold, kit.now(), kit.settings.receipts, kit.chance())


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
