"""GET and DELETE /send/{code}: the stored receipts of a send, under the code that its client was given."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool

from archive.vault import Altered, Missing, VaultAway
from pec.api import vendor_words, wire
from pec.api.vendor_words import Shape
from pec.api.wire import Envelope
from pec.instants import ROME
from pec.messages import Message, UnsupportedRecord
from pec.receipts import HEADINGS, Kind, Receipt
from pec.store import given_codes, purging, records
from pec.store.given_codes import GivenCode
from producers.gateway.auth import Caller, caller_with
from producers.gateway.context import Gateway, Here
from producers.gateway.problems import Problem, unavailable
from producers.gateway.receipt_texts import text_of
from producers.gateway.vendor import notices
from producers.gateway.vendor.credentials import Credentials, InHeaders, accounts_opened
from producers.gateway.vendor.refusals import refusals

router = APIRouter(tags=["PEC"])
_RANKS = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Item:
    """A mail as this client sees it. `key` is that of the stored receipt; `rank` orders those of one second."""

    key: str
    at: datetime
    rank: int
    sender: str
    subject: str
    text: str
    archived: Receipt | None = None  # whose text its original has


@router.get(
    "/send/{code}",
    operation_id="listReceipts",
    summary="All receipts of a send",
    responses=refusals((404, vendor_words.RESULT_EMPTY)),
)
async def statuses(
    code: str,
    caller: Annotated[Caller, Depends(caller_with("GET:send"))],
    credentials: InHeaders,
    gateway: Here,
) -> wire.Statuses:
    """Answer from the receipts that are stored. A PEC that never left shows a notice."""
    found = await run_in_threadpool(_found, gateway, caller, credentials, code)
    if found is None or not found[1]:
        raise Problem(404, "not_found", vendor_words.RESULT_EMPTY)
    given, items = found
    if any(one.archived for one in items):
        items = await gateway.threads.archive.run(_with_texts, gateway, given, items)
    mailbox = gateway.settings.accounts[given.account].sender
    shape = Shape(gateway.settings.gateway.shape)
    return wire.Statuses(
        data=[
            wire.status(
                shape,
                sender=one.sender,
                recipient=mailbox,
                date=format_datetime(one.at.astimezone(ROME)),
                subject=one.subject,
                text=one.text,
            )
            for one in items
        ]
    )


@router.delete(
    "/send/{code}",
    operation_id="putReceiptsAway",
    summary="Put away all receipts of a send",
    responses=refusals((404, vendor_words.EMAIL_NOT_FOUND)),
)
def delete_statuses(
    code: str,
    caller: Annotated[Caller, Depends(caller_with("DELETE:send"))],
    credentials: InHeaders,
    gateway: Here,
) -> Envelope:
    """Show these receipts no more. Workers delete them from the mailbox once the settings allow it."""
    found = _found(gateway, caller, credentials, code)
    if found is None or not found[1]:
        raise Problem(404, "not_found", vendor_words.EMAIL_NOT_FOUND)
    given, items = found
    given_codes.hide(gateway.store, given, (one.key for one in items))
    _ask_for_purge(gateway, given)
    return Envelope(message=vendor_words.RECEIPTS_DELETED)


def _found(
    gateway: Gateway, caller: Caller, credentials: Credentials, code: str
) -> tuple[GivenCode, list[Item]] | None:
    """Return the code and what is shown under it. None: it was not given for a mailbox of this client's."""
    opened = accounts_opened(gateway, caller, credentials)
    given = given_codes.find(gateway.store, code) if code.isdecimal() and code.isascii() else None
    if given is None or given.account not in opened:
        return None
    items = [one for one in _items(gateway, given) if one.key not in given.hidden]
    return given, sorted(items, key=lambda one: (one.at, one.rank))


def _items(gateway: Gateway, given: GivenCode) -> Iterator[Item]:
    known = False
    for message, kept in records.read_all_with_receipts(
        gateway.store, given.message_ids, on_unsupported=_passed_over
    ):
        known = True
        yield from (_receipt(given, message, key, one) for key, one in kept.receipts.items())
        if unsent := notices.unsent(message):
            yield _notice(given, f"{notices.KEY}:{message.id}", *unsent)
    if not known and (rejected := notices.rejected(gateway.store, given)):
        yield _notice(given, notices.KEY, *rejected)


def _passed_over(met: UnsupportedRecord) -> None:
    """Skip a message that a newer version wrote."""


def _with_texts(gateway: Gateway, given: GivenCode, items: list[Item]) -> list[Item]:
    """Return the items with the texts of archived originals. Raise Problem while the archive is away."""
    return [_with_text(gateway, given, one, one.archived) if one.archived else one for one in items]


def _with_text(gateway: Gateway, given: GivenCode, item: Item, receipt: Receipt) -> Item:
    try:
        text = text_of(receipt, gateway.vault) if gateway.vault else None
    except VaultAway:  # a client stores what it gets for good: let it ask again
        raise unavailable("the archive gives no answer: repeat the request") from None
    except (Missing, Altered):
        text = None
    return replace(item, text=_under(given, receipt, text)) if text else item


def _under(given: GivenCode, receipt: Receipt, text: str) -> str:
    """Return the text with the code that the client was given in place of the real one."""
    return text.replace(receipt.code, given.code) if receipt.code else text


def _receipt(given: GivenCode, message: Message, key: str, receipt: Receipt) -> Item:
    heading = next(one.words for one in HEADINGS if one.kind is receipt.kind and one.virus == receipt.virus)
    text = receipt.text or heading  # a PHP client refuses an item with an empty field
    return Item(
        key=key,
        at=receipt.date or message.updated_at,
        rank=_RANKS.index(receipt.kind),
        sender=receipt.sender,
        subject=f"{heading}: {given.subject} {given.code}",
        text=_under(given, receipt, text),
        archived=receipt if receipt.original and receipt.text is None else None,
    )


def _notice(given: GivenCode, key: str, at: datetime, why: str) -> Item:
    subject = f"{given.subject} {given.code}"
    return Item(key, at, 0, notices.SENDER, f"{notices.HEADING}: {subject}", notices.text_of(subject, why))


def _ask_for_purge(gateway: Gateway, given: GivenCode) -> None:
    """Have workers look whether these receipts may leave the mailbox: their proof and the settings decide."""
    rules = gateway.settings.mailbox
    if rules.purge == "off":
        return
    with gateway.store.client.pipeline(transaction=False) as pipeline:
        for message in records.read_all(gateway.store, given.message_ids, on_unsupported=_passed_over):
            if message.ended and message.proof:
                for command in purging.enter(
                    gateway.store, message, rules.purge_grace_seconds, schedule=True
                ):
                    pipeline.execute_command(*command)  # type: ignore[no-untyped-call]  # it has no types
        pipeline.execute()
