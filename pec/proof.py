"""When the proof of a PEC is complete: a pure function of its state and its receipts (docs/states.md)."""

from collections.abc import Iterable

from pec.names import ENDS, Proof, State
from pec.receipts import Kind, Receipt

_NEEDED = {
    State.DELIVERED: (Kind.ACCETTAZIONE, Kind.CONSEGNA),
    State.UNDELIVERED: (Kind.ACCETTAZIONE,),
    State.REFUSED: (Kind.NON_ACCETTAZIONE,),
    State.UNCERTIFIED: (Kind.ACCETTAZIONE,),
    State.EXPIRED: (Kind.ACCETTAZIONE,),
}
_MAY_HAVE_NONE = (State.EXPIRED, State.FAILED, State.CANCELLED)


def lacking(state: State, receipts: Iterable[Receipt]) -> tuple[Kind, ...]:
    """Return the kinds of receipt that the proof of an ended message lacks, or holds without text and original.

    An end without any receipt lacks nothing: there is nothing to prove, and nothing more may ever come.
    """
    known = list(receipts)
    bare = [receipt.kind for receipt in known if not (receipt.text or receipt.original)]
    lacked = {*absent(state, known), *(bare if state in ENDS else ())}
    return tuple(kind for kind in Kind if kind in lacked) if lacked else ()


def absent(state: State, receipts: Iterable[Receipt]) -> tuple[Kind, ...]:
    """Return the kinds of receipt that the proof of an ended message lacks altogether."""
    there = {receipt.kind for receipt in receipts}
    if not there and state in _MAY_HAVE_NONE:
        return ()
    return tuple(kind for kind in _NEEDED.get(state, ()) if kind not in there)


def proof_of(state: State, receipts: Iterable[Receipt], recorded: str | None = None) -> str | None:
    """Return what the proof consists of if it is complete, else None.

    What the record says beyond these two stays: a newer version wrote it.
    """
    known = list(receipts)
    if state not in ENDS or not known or lacking(state, known):
        return None
    if recorded not in (None, *Proof):
        return recorded
    return Proof.ORIGINALS if all(one.original and one.original.proves for one in known) else Proof.TEXTS
