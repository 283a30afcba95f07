"""The evidence of one message in a bundle: each receipt as it was judged, and whether it holds what was sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.case_files import CaseFile
from archive.chain import Profile
from archive.folder import receipt_name
from archive.judged import Judged, as_dict
from archive.portable_names import unique_names
from archive.sent import Comparison, compare
from archive.signatures import verify
from pec.names import Proof, State
from pec.receipts import Kind


@dataclass(frozen=True, slots=True)
class Evidence:
    """A message in the bundle. `receipts` have an original each; `sent` are its files, by their place in its folder."""

    case: CaseFile
    receipts: Sequence[Judged]
    sent: Sequence[str]

    @property
    def lacking(self) -> tuple[Kind, ...]:
        """The kinds of receipt that lack, or of which there is no original that proves anything."""
        return lacking(self.case)

    def as_dict(self, version: str, made_at: str) -> dict[str, Any]:
        """Return what `verification.json` holds."""
        return {
            "id": self.case.message.id,
            "version": version,
            "verified_at": made_at,
            "proof": self.case.proof,
            "lacking": [str(kind) for kind in self.lacking],
            "attachments": [{"file": file, "receipts": list(self._found_in(file))} for file in self.sent],
            "receipts": [as_dict(one) for one in self.receipts],
        }

    def _found_in(self, file: str) -> Iterator[dict[str, Any]]:
        for one in self.receipts:
            found = one.sent.get(Path(file))
            if found:
                yield {"file": one.file.as_posix(), "match": found.match.value, "equal": found.matches}


def lacking(case: CaseFile) -> tuple[Kind, ...]:
    """Return the kinds of receipt whose originals the proof of a message lacks. A message without receipts lacks none.

    One that has not ended lacks nothing yet.
    """
    if case.proof == Proof.ORIGINALS or not case.message.ended or not case.receipts:
        return case.lacking
    without = {one.kind for one in case.receipts if not (one.original and one.original.proves)}
    return tuple(kind for kind in Kind if kind in {*case.absent, *without})


def judge(case: CaseFile, place: Path, profiles: Sequence[Profile]) -> Evidence:
    """Judge the originals in a message's folder, one at a time. They stand there as `Folder` wrote them."""
    names = unique_names(file.name for file in case.message.attachments)
    sent = [f"attachments/{name}" for name in names if (place / "attachments" / name).is_file()]
    receipts = []
    for number, receipt in enumerate(case.receipts, 1):
        file = Path("receipts") / receipt_name(number, receipt, "eml")
        if receipt.original and (place / file).is_file():
            receipts.append(_judged(place, file, sent, profiles))
    return Evidence(case, receipts, sent)


def _judged(place: Path, file: Path, sent: Sequence[str], profiles: Sequence[Profile]) -> Judged:
    found = verify((place / file).read_bytes(), profiles)
    compared: dict[Path, Comparison] = {
        Path(one): compare(found, (place / one).read_bytes()) for one in sent if found.signer
    }
    return Judged(file, found, compared)


def ended_without_receipts(case: CaseFile) -> bool:
    """Return whether there is nothing to prove: the message ended before it was sent, or nothing ever came."""
    return not case.receipts and case.message.state in (State.FAILED, State.CANCELLED, State.EXPIRED)
