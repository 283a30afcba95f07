"""Further attempts at a message: their ids, `novembre-101:2` after `novembre-101`, and what each replaces. Pure."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from pec.domains import compared
from pec.messages import Message
from pec.names import State

SENDABLE_AGAIN = (State.CANCELLED, State.REFUSED, State.UNDELIVERED, State.FAILED, State.EXPIRED)
OVER = (*SENDABLE_AGAIN, State.UNCERTIFIED)  # another address may get what these did not bring
MAX_ID = 128  # characters
_FURTHER = re.compile(r"(?::[0-9a-f]{10})?(?::(?:[2-9]|[1-9][0-9]{1,8}))?")
_NUMBER = re.compile(r"[2-9]|[1-9][0-9]{1,8}")


def again_ids(job_id: str, used: Collection[str]) -> Iterator[str]:
    """Return the ids of the next attempts: greater than every number used, so that none is ever taken up again."""
    rest = (one.removeprefix(f"{job_id}:") for one in used if one.startswith(f"{job_id}:"))
    last = max((int(one) for one in rest if _NUMBER.fullmatch(one)), default=1)
    return (f"{job_id}:{number}" for number in count(last + 1))


def mended_ids(job_id: str, address: str, used: Collection[str]) -> Iterator[str]:
    """Return the ids of attempts at another address: the same whenever the sheet is imported."""
    first = f"{job_id}:{_mark(compared(address))}"
    if first not in used:
        yield first
    yield from again_ids(first, used)


def further_attempts(job_ids: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Return, by the first id, those that further attempts at the same message were given, in this order."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for job_id in job_ids:
        if ":" in job_id:
            for first in _firsts(job_id):
                found[first].append(job_id)
    return found


@dataclass(frozen=True, slots=True)
class Attempt:
    """Facts of a message that show whether a later one replaced it. `address` is None unless there is exactly one."""

    id: str
    batch: str | None
    address: str | None
    state: State
    created_at: datetime
    ended_at: datetime | None
    order: int

    @classmethod
    def of(cls, message: Message) -> "Attempt":
        address = compared(message.recipients[0]) if len(message.recipients) == 1 else None
        times = (message.created_at, message.ended_at)
        return cls(message.id, message.batch, address, message.state, *times, message.order)


def may_matter(message_id: str, state: State) -> bool:
    """Return whether the message may have been replaced, or may be what replaced another."""
    return state in OVER or ":" in message_id


def replaced(attempts: Iterable[Attempt]) -> dict[str, str]:
    """Return the ids of messages that did not arrive and went again, each with the id of its last attempt.

    An attempt is of the same batch and was made after the one before it ended. It goes to the same address, or
    to the one that its id names. Other messages whose ids only look like attempts replace nothing.
    """
    known = {one.id: one for one in sorted(attempts, key=lambda one: (one.created_at, one.order))}
    found: dict[str, str] = {}
    for first, further in further_attempts(known).items():
        if first in known:
            *earlier, last = _chain(known[first], map(known.__getitem__, further))
            for one in earlier:
                found.setdefault(one.id, last.id)
    return found


def _chain(first: Attempt, further: Iterable[Attempt]) -> list[Attempt]:
    chain, addresses = [first], {first.address}
    for one in further:
        if _follows(chain[-1], one) and (one.address in addresses or _is_for_its_mark(first.id, one)):
            chain.append(one)
            addresses.add(one.address)
    return chain


def _follows(before: Attempt, one: Attempt) -> bool:
    if one.batch is None or one.batch != before.batch or one.address is None or before.state not in OVER:
        return False
    return before.ended_at is not None and before.ended_at < one.created_at


def _is_for_its_mark(first: str, one: Attempt) -> bool:
    return one.address is not None and one.id.startswith(f"{first}:{_mark(one.address)}")


def _mark(address: str) -> str:
    return hashlib.blake2b(address.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def _firsts(job_id: str) -> Iterator[str]:
    """Yield every id that this may be a further attempt at. A producer's own id may contain colons too."""
    root = job_id
    while (root := root.rpartition(":")[0]) and _FURTHER.fullmatch(job_id[len(root) :]):
        yield root
