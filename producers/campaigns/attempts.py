"""Ids of further attempts at a message: `novembre-101:2` after `novembre-101`. Pure."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import count

from pec.domains import compared

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
    digest = hashlib.blake2b(compared(address).encode("utf-8", "surrogatepass"), digest_size=5)
    first = f"{job_id}:{digest.hexdigest()}"
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


def _firsts(job_id: str) -> Iterator[str]:
    """Every id that this may be a further attempt at. An id of one's own may hold colons too."""
    root = job_id
    while (root := root.rpartition(":")[0]) and _FURTHER.fullmatch(job_id[len(root) :]):
        yield root
