"""Reading a crowded mailbox by its pages: one GET tells of 25 receipts, where single ones cost a GET for each look.

Pages only ever add. What they don't show proves nothing: a message that is no longer young is asked for by its code,
and so are the texts, once it has ended.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

import structlog

from pec.api.client import InboxPage, Mail
from pec.inbox import PAGE_SIZE, View, older_than
from pec.instants import from_epoch, from_text, to_text
from pec.messages import Message
from pec.names import Queue, State
from pec.receipts import Kind, Receipt, Unrecognised, code_in, merge
from pec.store import records
from pec.store.records import Kept
from pec.store.store import text
from workers.calls import Unreadable
from workers.checking import keep_from_page, look, read_mails
from workers.crowds import YOUNG, account_in, end_reading
from workers.kit import Kit, NotServed
from workers.searching import CLOCKS_APART, page_of
from workers.strangers import left_alone

MOST_PAGES = 200
MOST_TAKEN = 200  # digests of mails that the next reading can show again
OVERLAP = timedelta(seconds=5)  # in which mails may have come out of order
ANSWERS_WITHIN = timedelta(minutes=2)  # a POST tells its code, mostly
SLOWER = 4  # times the interval, at the most, where pages show little that is new
WITHOUT_TEXT = (Kind.ACCETTAZIONE, Kind.CONSEGNA)  # what these say of one recipient needs no text
STILL_OPEN = (State.EXPIRED, State.UNDELIVERED)  # ends that a late CONSEGNA changes
log = structlog.get_logger()


def scan(kit: Kit, entry: str) -> None:
    """Reads the newest pages of a mailbox, and schedules what follows."""
    account, interval = account_in(entry) or "", kit.settings.receipts.page_interval
    try:
        fresh, forbidden = _read_pages(kit, account), False
    except NotServed:
        kit.leave_to_others(Queue.CHECK, entry)
        return
    except Unreadable as error:
        log.info("mailbox_unreadable", account=account, why=error.code)
        fresh, forbidden = 0, error.code == "scope"
    wait_seconds = min(SLOWER * interval, max(interval, interval * PAGE_SIZE / (fresh + 1)))
    end_reading(kit, account, wait_seconds, forbidden=forbidden)


@dataclass(slots=True)
class Reading:
    """What the pages of one reading came to. Mails are known by their digests."""

    before: frozenset[str] = frozenset()  # taken by the last reading: nothing new
    taken: list[str] = field(default_factory=list)  # need not be taken again
    fresh: int = 0  # messages that they told something new of
    dates: list[datetime] = field(default_factory=list)
    strangers: list[datetime] = field(default_factory=list)  # receipts whose code is nobody's so far

    @property
    def through(self) -> datetime | None:
        """Until when all may be taken for read. A young stranger's code can be one that a POST has still to tell."""
        reached = max(self.dates, default=None)
        return reached and min([reached, *(one for one in self.strangers if one > reached - ANSWERS_WITHIN)])


def _read_pages(kit: Kit, account: str) -> int:
    """Returns how many messages they told something new of. Raises NotServed and Unreadable."""
    horizon, reading = _begin(kit, account)
    first = page_of(kit, account, None, None)
    view = View(_mails(first), 1 if first.page is None else first.page, first.total or 0)
    _take(kit, account, view.mails, reading)
    if view.oldest_first or not older_than(view.mails, horizon):
        for number in list(view.newest_pages())[:MOST_PAGES]:
            mails = _mails(page_of(kit, account, None, number))
            _take(kit, account, mails, reading)
            if older_than(mails, horizon):
                break
    if reading.through:
        seen = ["through", to_text(reading.through), "taken", " ".join(reading.taken[:MOST_TAKEN])]
        kit.store.client.hset(kit.store.keys.scan(account), items=seen)
    return reading.fresh


def _begin(kit: Kit, account: str) -> tuple[datetime | None, Reading]:
    """With a horizon: mails from before then were read before, or can't tell of a message that is young."""
    awaiting, young = kit.store.keys.awaiting(account), (kit.now() - YOUNG).timestamp()
    with kit.store.client.pipeline(transaction=False) as pipeline:
        pipeline.hmget(kit.store.keys.scan(account), "through", "taken")
        pipeline.zrange(awaiting, young, "+inf", byscore=True, offset=0, num=1, withscores=True)
        (through, taken), oldest = pipeline.execute()
    bounds = [from_text(text(through)) - OVERLAP] if through else []
    bounds += [from_epoch(float(score)) - CLOCKS_APART for _, score in oldest]
    return max(bounds, default=None), Reading(frozenset(text(taken or "").split()))


def _mails(page: InboxPage) -> list[Mail]:
    return [mail for _, mail in page.mails]


def _take(kit: Kit, account: str, mails: Sequence[Mail], reading: Reading) -> None:
    """Commits what a page shows of our messages. What the last reading took is not looked at again."""
    by_code, now = defaultdict(list), kit.now()
    for mail in mails:
        code = code_in(mail)
        if (
            code and mail.date and mail.date <= now
        ):  # one of tomorrow would make all that comes until then look old
            reading.dates.append(mail.date)
        if code and (known := _digest(mail)) in reading.before:
            reading.taken.append(known)
        elif code:
            by_code[code].append(mail)
    owned = records.owned(kit.store, account, list(by_code), lambda met: left_alone(kit.store, met))
    plain, unclear = [], []
    for code, found in owned.items():
        if not found:
            continue
        fresh, strange = _news(*found, by_code[code])
        if strange or not _is_plain(found[0], fresh):
            unclear.append(found)
            continue
        reading.taken += map(_digest, by_code[code])
        if fresh:
            plain.append((*found, by_code[code]))
    keep_from_page(kit, plain)
    for message, kept in unclear:
        look(kit, message, kept)  # which can fail: so its mails are looked at again
    reading.fresh += len(plain) + len(unclear)
    strangers = by_code.keys() - owned.keys()
    reading.strangers += [mail.date for code in strangers for mail in by_code[code] if mail.date]


def _digest(mail: Mail) -> str:
    traits = f"{mail.sender}\n{mail.subject}\n{mail.date}".encode("utf-8", "replace")
    return blake2b(traits, digest_size=8).hexdigest()


def _news(message: Message, kept: Kept, mails: list[Mail]) -> tuple[list[Receipt], list[Unrecognised]]:
    """Receipts, and mails that can't be taken for one, that were not seen before."""
    if message.ended and message.state not in STILL_OPEN:
        return [], []
    receipts, unrecognised = read_mails(message.sent_subject, message.code or "", mails)
    known = set(kept.receipts.values())
    fresh = [receipt for receipt in merge(known, receipts) if receipt not in known]
    return fresh, [one for one in unrecognised if one.key not in kept.marks]


def _is_plain(message: Message, fresh: list[Receipt]) -> bool:
    """Whether what is new can be kept without its text."""
    return not fresh or (len(message.recipients) == 1 and all(one.kind in WITHOUT_TEXT for one in fresh))
