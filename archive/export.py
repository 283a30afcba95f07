"""An export: the lines of the chosen messages, and their proof in a folder if one is named."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from archive import folder, selection
from archive.case_files import CaseFile, gather, json_line
from archive.choice import Choice
from archive.receipt_texts import with_text
from archive.table import Table, Words
from archive.vault import Altered, Missing, Vault
from archive.vault.installation import open_vault
from config.settings import Settings
from pec.names import State
from pec.receipts import Kind
from pec.store.store import Store

Write = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """`file` holds the lines; if it is None, they go elsewhere. `folder` holds the proof; None: none is written."""

    choice: Choice
    file: Path | None
    folder: Path | None
    as_json: bool

    def lacks(self, case: CaseFile) -> tuple[Kind, ...]:
        """Return the receipts that a message still needs. A table holds no texts, so there they do not count."""
        return case.lacking if self.folder or self.as_json else case.absent

    def lacks_if_chosen(self, case: CaseFile) -> tuple[Kind, ...]:
        """Return the same for a message that is exported, and nothing for others."""
        return self.lacks(case) if self.choice.has(case) else ()


@dataclass(slots=True)
class Exported:
    """The outcome of an export. `lacking`: messages with incomplete proof, `incomplete` those with bytes missing."""

    states: Counter[State] = field(default_factory=Counter)
    replaced: int = 0  # messages that a later attempt replaced; `states` counts the others
    files: int = 0
    incomplete: list[str] = field(default_factory=list)
    lacking: list[tuple[str, tuple[Kind, ...]]] = field(default_factory=list)

    def note(self, case: CaseFile, lacked: tuple[Kind, ...]) -> None:
        if case.replaced_by:
            self.replaced += 1
        else:
            self.states[case.message.state] += 1
        if lacked:
            self.lacking.append((case.message.id, lacked))


def export(
    store: Store,
    settings: Settings,
    request: ExportRequest,
    lines_to: AbstractContextManager[Write],
    words: Words,
    step: Callable[[], object],
) -> Exported:
    """Write what was asked for, and call `step` for each message. Raise OSError, NotAManifest and VaultAway."""
    done, choice = Exported(), request.choice
    with ExitStack() as stack:
        vault = open_vault(settings.archive, store)
        opened = request.folder and folder.opened(request.folder, store, settings.retention, vault)
        proof = stack.enter_context(opened) if opened else None
        if proof and request.file:
            stack.callback(proof.cover, request.file.resolve())  # once it is written, and before the sums are
        write = stack.enter_context(lines_to)
        lines = (
            partial(_json_line, vault, done.incomplete)
            if request.as_json
            else _csv(store, choice, words, write)
        )
        for case in gather(store, choice.ids()):
            step()
            if not choice.has(case):
                continue
            for line in lines(case):
                write(line)
            if proof:
                proof.add(case)
            done.note(case, request.lacks(case))
    if proof:
        done.files, done.incomplete = proof.files, list(dict.fromkeys(done.incomplete + proof.incomplete))
    return done


def _json_line(vault: Vault | None, incomplete: list[str], case: CaseFile) -> Iterable[bytes]:
    """Return the line with the texts that the archive holds; where it lost one, `text_missing` says why.

    The id of such a message joins the incomplete ones.
    """
    stated = case.as_dict()
    for shown, receipt in zip(stated["receipts"], case.receipts, strict=True):
        try:
            shown["text"] = with_text(receipt, vault).text or None
        except (Missing, Altered) as gone:
            shown["text_missing"] = gone.what
    if any("text_missing" in shown for shown in stated["receipts"]):
        incomplete.append(case.message.id)
    return (json_line(stated),)


def _csv(store: Store, choice: Choice, words: Words, write: Write) -> Callable[[CaseFile], Iterable[bytes]]:
    """Write the header. Return what makes the lines of a message."""
    table = Table(selection.sheet_columns(store, choice.ids()), choice.states, words)
    write(table.header())
    return table.lines
