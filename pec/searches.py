"""Searches of the mailbox for a send whose answer was lost: when each was, and what it showed. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pec.instants import from_text, to_text

MAX_KEPT = 12  # the latest
NOTHING = "nothing"  # the mailbox could be read, and has no receipt of the message


@dataclass(frozen=True, slots=True)
class Search:
    """One search. `result` is `nothing`, or the code of why it proves nothing; `mails` were found and did not fit."""

    at: datetime
    result: str = NOTHING
    mails: int = 0

    @property
    def proves(self) -> bool:
        """Return whether the search counts: an unreadable or full mailbox proves nothing."""
        return self.result == NOTHING


def added(searches: Sequence[Search], search: Search) -> tuple[Search, ...]:
    """Return the latest searches with this one. Of those in a row that failed alike, only the last one stays."""
    repeats = bool(searches) and not search.proves and searches[-1].result == search.result
    return (*(searches[:-1] if repeats else searches), search)[-MAX_KEPT:]


def write(searches: Sequence[Search]) -> str:
    """Return the searches as the record has them."""
    return json.dumps([[to_text(one.at), one.result, one.mails] for one in searches], separators=(",", ":"))


def read(text: str) -> tuple[Search, ...]:
    """Return the searches of such a text."""
    return tuple(Search(from_text(at), result, mails) for at, result, mails in json.loads(text))
