"""Settling an uncertain send: found in the mailbox, it is adopted; not found, it is held. Never sent again blindly."""

from datetime import timedelta

import structlog

from pec.api.client import send_is_over_seconds
from pec.changes import Change
from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.receipts import Receipt
from pec.store import records
from pec.store.commits import Commit, Conflict, Present, apply, decide
from pec.transitions import adopted, dispossessed, look_due, lost, not_found
from workers.calls import Unreadable, readable
from workers.checking import mails_of, read_mails
from workers.kit import Kit, NotServed
from workers.searching import TOO_MANY_MAILS, search

WONT_SAY = ("missing", "invalid", "scope")
log = structlog.get_logger()


def look_up(kit: Kit, message_id: str) -> None:
    """One look. A message still `sending` when its look-up comes due has lost its worker."""
    message = records.read(kit.store, message_id)
    if message and message.state is State.SENDING:
        if _may_be_on_the_wire(kit, message):
            return
        decide(kit.store, lambda: records.read(kit.store, message_id), lambda found: _orphaned(kit, found))
        return
    if message is None or message.state not in (State.UNCERTAIN, State.HELD):
        kit.store.clear_due(Queue.LOOKUP, message_id)
        return
    due = look_due(message, kit.settings.uncertain)
    if kit.now() < due:  # a late or doubled hint
        kit.store.set_due(Queue.LOOKUP, message_id, due.timestamp())
        return
    try:
        change = _change(kit, message)
    except NotServed:
        kit.leave_to_others(Queue.LOOKUP, message_id)
        return
    except Unreadable as error:
        log.info("mailbox_unreadable", why=error.code)
        all_read = error.code == TOO_MANY_MAILS  # as far as it ever will be: an operator must look
        change = not_found(message, kit.now(), kit.settings.uncertain, readable=all_read, blind=error.code)
    _keep(kit, change)


def _may_be_on_the_wire(kit: Kit, message: Message) -> bool:
    """Then the hint was for an earlier claim, and this one has its own look-up: however small it is, it takes so long.

    A claim of the future tells nothing: the server's clock was set back.
    """
    took = timedelta(seconds=send_is_over_seconds(kit.settings.api, 0))
    return message.claimed_at is not None and message.claimed_at <= kit.now() < message.claimed_at + took


def _orphaned(kit: Kit, message: Message) -> Change | None:
    if message.state is not State.SENDING:
        return None
    reason = Reason(
        "worker_lost", "the worker that was sending it died or hung: it may have been sent, or not"
    )
    return lost(message, kit.now(), reason, kit.settings.uncertain)


def _change(kit: Kit, message: Message) -> Change:
    for reference in _references(message):
        receipts = search(kit, message, reference)
        if receipts:
            return _adoption(kit, message, receipts)
    if has_room(kit, message.account):
        return not_found(message, kit.now(), kit.settings.uncertain)
    return not_found(message, kit.now(), kit.settings.uncertain, readable=False, blind="mailbox_full")


def _references(message: Message) -> tuple[str | None, ...]:
    """Of all attempts whose answer was lost; without any, the subject must do."""
    return tuple(dict.fromkeys((*message.suspects, message.reference))) if message.reference else (None,)


def _adoption(kit: Kit, message: Message, receipts: list[Receipt]) -> Change:
    """Under the code that the receipts tell, with their texts."""
    code = receipts[0].code
    rules, chance = kit.settings.receipts, kit.chance()
    found = adopted(message, code, receipts, kit.now(), rules, chance)
    with_texts, _ = read_mails(found.after.sent_subject, code, mails_of(kit, message.account, code))
    return adopted(message, code, [*receipts, *with_texts], kit.now(), rules, chance)


def has_room(kit: Kit, account: str) -> bool:
    """Whether receipts could have come in: a full mailbox proves nothing. Where the API won't say, it is taken to."""
    try:
        quota = readable(kit, account, kit.client.quota)
    except Unreadable as error:
        if error.code in WONT_SAY:
            return True
        raise
    return not quota.limit or quota.usage < quota.limit * kit.settings.quota.pause


def _keep(kit: Kit, change: Change) -> None:
    code = change.after.code
    absent = [kit.store.keys.code(change.after.account, code)] if code else []
    try:
        apply(kit.store, Commit([change], absent=absent))
    except Conflict:
        return  # its worker was faster: what it stored has scheduled what follows
    except Present as owner:
        log.error("code_belongs_to_another", code=code, owner=owner.value)
        _take_over(kit, change, owner.value)
        return
    log.info("looked_up", state=str(change.after.state), code=code)


def _take_over(kit: Kit, change: Change, owner_id: str) -> None:
    """Receipts with our reference prove whose the code is, against an owner that the API gave it to by mistake.

    One that has receipts of its own keeps it, and so does one that could be alike: then the lease brings the next look.
    """
    owner, kept = records.read_with_receipts(kit.store, owner_id)
    mistaken = owner and owner.state is State.SENT and owner.code == change.after.code and not kept.receipts
    if not (owner and mistaken and change.after.reference):
        return
    yielded = dispossessed(owner, kit.now(), kit.settings.uncertain)
    try:
        apply(kit.store, Commit([change, yielded]))
    except Conflict:
        return
    log.warning("code_taken_over", code=change.after.code, of=owner_id)
