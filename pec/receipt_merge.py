"""Sets of receipts: each one once, however often and by whichever reader it was seen."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pec.domains import compared
from pec.originals import VERIFIED
from pec.receipts import Kind, Receipt

_ABOUT_ALL_RECIPIENTS = (Kind.ACCETTAZIONE, Kind.NON_ACCETTAZIONE)
_SAME_NOTICE_SECONDS = (
    3600  # between the two dates of one time-out notice; the other one comes 10 hours later
)


def merge(known: Iterable[Receipt], seen: Iterable[Receipt]) -> tuple[Receipt, ...]:
    """Return each receipt once, oldest first, whatever the order and however often it was seen.

    Among receipts of one key, the one with the longest text stays. A receipt without text goes if another can be the
    same, because nothing that both state differs. One with an original stands for those that the API showed of it, and
    needs no text beside it.
    """
    everything = (*known, *seen)
    signed = _signed(one for one in everything if one.original)
    read = _distinct(_fullest(one for one in everything if not one.original))
    found = list(_joined(signed, list(read))) if signed else list(read)
    return tuple(sorted(found, key=_age))


def _age(receipt: Receipt) -> tuple[bool, int, str]:
    return receipt.date is None, receipt.second or 0, receipt.key


# Read from the API


def _fullest(receipts: Iterable[Receipt]) -> list[Receipt]:
    best: dict[str, Receipt] = {}
    for receipt in receipts:
        known = best.setdefault(receipt.key, receipt)
        if known != receipt:
            best[receipt.key] = max(receipt, known, key=_completeness)
    return list(best.values())


def _completeness(receipt: Receipt) -> tuple[int, str]:
    return len(receipt.text or ""), repr(receipt)


def _distinct(receipts: Iterable[Receipt]) -> Iterator[Receipt]:
    """Yield the receipts that no other can be. Keys differ here, so no two can be each other."""
    traits = {receipt: receipt.traits for receipt in receipts}
    for receipt, mine in traits.items():
        if receipt.text or not any(
            _is_same_receipt(other, mine) for other in traits.values() if other != mine
        ):
            yield receipt


def _is_same_receipt(fuller: tuple[object, ...], poorer: tuple[object, ...]) -> bool:
    return all(mine in (None, (), other) for mine, other in zip(poorer, fuller, strict=True))


# Read as they were signed


def _signed(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Return one of each: a mail can lie in two folders, or come twice with other outer headers."""
    best: dict[str, Receipt] = {}
    for receipt in receipts:
        known = best.setdefault(receipt.key, receipt)
        if known != receipt:
            best[receipt.key] = min(receipt, known, key=_trust)
    return list(best.values())


def _trust(receipt: Receipt) -> tuple[bool, bool, int, str, str]:
    """Return the order of preference: verified, with its text in the original, else with the longest beside it."""
    original, text = receipt.original, receipt.text
    untrusted = not (original and original.verdict == VERIFIED)
    return untrusted, text is not None, -len(text or ""), original.sha256 if original else "", repr(receipt)


def _joined(signed: list[Receipt], read: list[Receipt]) -> Iterator[Receipt]:
    """Yield the signed receipts, with a text that only the API gave, and what the API showed besides."""
    for one in signed:
        if one.text == "":
            texts = [other.text or "" for other in read if _is_shown_by(other, one)]
            yield replace(one, text=max(texts, key=lambda text: (len(text), text), default=""))
        else:
            yield one
    for other in read:
        if not any(_is_shown_by(other, one) for one in signed):
            yield other


def _is_shown_by(read: Receipt, signed: Receipt) -> bool:
    """Return whether the API's receipt is this signed one: kind, id of the PEC and recipient agree as far as known."""
    if read.kind is not signed.kind or read.identificativo not in (None, signed.identificativo):
        return False
    if read.kind not in _ABOUT_ALL_RECIPIENTS and _names(read) not in ((), _names(signed)):
        return False
    if read.kind is not Kind.PREAVVISO:
        return True
    if None not in (read.final, signed.final):
        return read.final is signed.final
    return (
        read.second is None
        or signed.second is None
        or abs(read.second - signed.second) <= _SAME_NOTICE_SECONDS
    )


def _names(receipt: Receipt) -> tuple[str, ...]:
    return tuple(sorted({compared(named.address) for named in receipt.named}))
