"""Files that an earlier export wrote of a receipt which now stands under another number, or with its text."""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from pec.content import sha256
from pec.receipt_merge import merge
from pec.receipts import Receipt
from pec.store.records import receipt_from_json

_OF_RECEIPTS = re.compile(r"\d{2,}-[a-z-]+\.(json|txt|eml)")


def stale_files(place: Path, receipts: Sequence[Receipt], written: Collection[str]) -> Iterator[Path]:
    """Yield the files in a folder of receipts that these, written under the names in `written`, replace.

    A receipt of which there is no other copy stays, as does every file that no export wrote.
    """
    texts = {text_bytes(one.text) for one in receipts if one.text}
    originals = {one.original.sha256 for one in receipts if one.original}
    for path in sorted(place.iterdir()):  # the .json of a receipt before its .txt
        if path.name in written or not _OF_RECEIPTS.fullmatch(path.name):
            continue
        if path.is_symlink() or not path.is_file():
            continue
        if path.suffix == ".eml":
            if sha256(path.read_bytes()) in originals:
                yield path
        elif path.suffix == ".txt":
            if path.read_bytes() in texts:
                yield path
        elif (earlier := _read(path)) and _is_replaced(earlier, receipts):
            texts.add(text_bytes(earlier.text or ""))
            yield path


def text_bytes(text: str) -> bytes:
    """Return the text of a receipt as its file has it: half a character has no UTF-8."""
    return text.encode("utf-8", "replace")


def _read(path: Path) -> Receipt | None:
    try:
        return receipt_from_json(path.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError):  # of another version, or edited by hand
        return None


def _is_replaced(earlier: Receipt, receipts: Sequence[Receipt]) -> bool:
    """Return whether newer receipts replace it: an older version may have read other recipients from the same text."""
    if earlier.text and any((one.kind, one.text) == (earlier.kind, earlier.text) for one in receipts):
        return True
    known = {one.key: one for one in receipts}
    same = known.get(earlier.key)
    if same:
        return len(earlier.text or "") <= len(same.text or "")
    return all(one.key in known for one in merge(receipts, [earlier]))
