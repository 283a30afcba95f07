"""The report of an export on stderr: what was written, and what its proof lacks."""

from collections.abc import Sequence

from archive import selection
from archive.export import Exported, ExportRequest
from cli import output
from cli.errors import Exit, Failure
from config.texts import _, joined, ngettext
from pec.names import ENDS, State
from pec.operations.session import Session
from pec.operations.status.state_counts import count_of
from pec.receipts import Kind

_MAX_NAMED = 20  # messages whose proof is incomplete
_MAX_IDS = 5  # messages whose content is missing


def show_counts(session: Session, done: Exported, batch: str | None, *, chosen_states: bool) -> None:
    """Print how many messages were exported, by state, and which of them may surprise."""
    _note_states(done, chosen_states=chosen_states)
    if done.replaced:
        output.note(
            ngettext(
                "{count} earlier attempt is not counted: column replaced_by names the later one",
                "{count} earlier attempts are not counted: column replaced_by names the later ones",
                done.replaced,
            ).format(count=done.replaced)
        )
    if unfinished := sum(count for state, count in done.states.items() if state not in ENDS):
        output.note(
            ngettext(
                "{count} has not ended yet: export again when it has",
                "{count} have not ended yet: export again when they have",
                unfinished,
            ).format(count=unfinished)
        )
    if batch and (rejected := selection.rejected_of(session.store, batch)):
        output.note(
            ngettext(
                "{count} job of the batch was rejected and is no message: `pec list --rejected` says why",
                "{count} jobs of the batch were rejected and are no messages: `pec list --rejected` says why",
                rejected,
            ).format(count=rejected)
        )


def show_places(done: Exported, request: ExportRequest) -> None:
    """Print where everything was written."""
    if request.file:
        output.note(_("written to {path}").format(path=request.file))
    if request.folder:
        output.note(
            ngettext(
                "{count} file in {path}: `sha256sum -c SHA256SUMS` there checks it",
                "{count} files in {path}: `sha256sum -c SHA256SUMS` there checks them",
                done.files,
            ).format(count=done.files, path=request.folder)
        )


def conclude(done: Exported) -> None:
    """Name the messages without complete proof. Raise Failure if content or receipts are missing."""
    if done.lacking:
        output.note(_unproved(done.lacking))
    if done.incomplete:
        raise _incomplete(done.incomplete)
    if done.lacking:
        raise Failure("", Exit.UNDELIVERED)


def _note_states(done: Exported, *, chosen_states: bool) -> None:
    total = sum(done.states.values())
    if not total:
        output.note(_("No message is in that state.") if chosen_states else _("There are no messages yet."))
        return
    states = joined(", ", [count_of(state, done.states[state]) for state in State if done.states[state]])
    said = ngettext("{count} message: {states}", "{count} messages: {states}", total)
    output.note(said.format(count=total, states=states))


def _unproved(lacking: Sequence[tuple[str, tuple[Kind, ...]]]) -> str:
    named = [f"{one}: {', '.join(map(str, kinds))}" for one, kinds in lacking[:_MAX_NAMED]]
    more = ["…"] if len(lacking) > _MAX_NAMED else []
    said = ngettext(
        "the receipts of {count} message are incomplete: export again, or search the mailbox for",
        "the receipts of {count} messages are incomplete: export again, or search the mailbox for",
        len(lacking),
    ).format(count=len(lacking))
    return joined("\n", (said, *named, *more))


def _incomplete(ids: Sequence[str]) -> Failure:
    shown = ", ".join(ids[:_MAX_IDS]) + (", …" if len(ids) > _MAX_IDS else "")
    return Failure(
        ngettext(
            "content of {count} message is missing ({ids}): its message.json or line says what, "
            "the rest is written",
            "content of {count} messages is missing ({ids}): message.json or the line of each says what, "
            "the rest is written",
            len(ids),
        ).format(count=len(ids), ids=shown),
        Exit.UNEXPECTED,
    )
