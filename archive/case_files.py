"""A message and its receipts, read together, and as JSON states them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pec.instants import to_text
from pec.messages import Message
from pec.operations.messages.attempts import Replacements
from pec.proof import absent, lacking, proof_of
from pec.receipts import Kind, Receipt
from pec.record_json import message_dict
from pec.store import records
from pec.store.records import receipt_to_dict
from pec.store.store import Store

_ORDER = list(Kind)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything known about one PEC. Receipts are oldest first."""

    message: Message
    receipts: tuple[Receipt, ...]
    replaced_by: str | None = None  # id of the last attempt at the same message, if there was a later one

    @property
    def proof(self) -> str | None:
        """Return what its complete proof consists of, derived if an older version did not record it."""
        return proof_of(self.message.state, self.receipts, self.message.proof)

    @property
    def lacking(self) -> tuple[Kind, ...]:
        """Return the kinds of receipt that its proof lacks, or has without their text."""
        return lacking(self.message.state, self.receipts)

    @property
    def absent(self) -> tuple[Kind, ...]:
        """Return the kinds of receipt that its proof lacks altogether."""
        return absent(self.message.state, self.receipts)

    def as_dict(self) -> dict[str, Any]:
        """Return the public fields, `receipts`, and `replaced_by` and `lacking` if they apply. Times are in UTC."""
        stated = {**message_dict(self.message), "receipts": [receipt_dict(one) for one in self.receipts]}
        stated |= {"proof": self.proof} if self.proof else {}
        stated |= {"replaced_by": self.replaced_by} if self.replaced_by else {}
        return stated | ({"lacking": list(map(str, self.lacking))} if self.lacking else {})


def gather(store: Store, message_ids: Iterable[str]) -> Iterator[CaseFile]:
    """Yield the case files of the messages that exist, in order, a few in memory at a time. Raise UnsupportedRecord."""
    replacements = Replacements(store)
    for message, stored in records.read_all_with_receipts(store, message_ids):
        receipts = tuple(sorted(stored.receipts.values(), key=_age))
        yield CaseFile(message, receipts, replacements.of(message))


def receipt_dict(receipt: Receipt) -> dict[str, Any]:
    stated = {**receipt_to_dict(receipt), "text": receipt.text or None}
    return stated | {"date": to_text(receipt.date) if receipt.date else None}


def json_line(stated: Mapping[str, Any]) -> bytes:
    """Return a line of JSON in UTF-8, whatever the locale. Half a character, which has no UTF-8, stays escaped."""
    return f"{json.dumps(stated, ensure_ascii=False)}\n".encode("utf-8", "backslashreplace")


def _age(receipt: Receipt) -> tuple[datetime, int, str]:
    return receipt.date or _NEVER, _ORDER.index(receipt.kind), receipt.key
