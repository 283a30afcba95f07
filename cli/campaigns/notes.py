"""Notes on stderr about an import: what may surprise, and what to do next."""

from cli import output
from config.texts import _, joined, ngettext
from pec.instants import from_epoch
from pec.names import State
from pec.operations.messages.wait_context import load_paused_batch
from pec.operations.session import Session
from pec.operations.status.live_workers import no_worker_runs
from pec.operations.status.paused_batches import said
from pec.operations.status.state_counts import count_of
from producers.campaigns.earlier.same_subject import MAX_LOOKED_AT
from producers.campaigns.preview import Preview
from producers.campaigns.row_store import RowStatus


def note_numbers(preview: Preview) -> None:
    """Say how lines are numbered, if an editor would number them otherwise."""
    if preview.campaign.breaks:
        output.note(
            _(
                "Lines are numbered as a spreadsheet program numbers its rows: a cell with line breaks counts once."
            )
        )


def note_paused_batch(session: Session, batch: str) -> None:
    """Say since when the batch is paused, if it is."""
    if paused := load_paused_batch(session.store, batch):
        output.note(said(paused, from_epoch(session.store.now())))


def note_same_subject(preview: Preview) -> None:
    """Name who may get a campaign a second time, and the batch that they got it in."""
    if not (met := preview.repeated):
        return
    count = met.recipients
    if met.batch:
        output.note(
            ngettext(
                "{count} recipient got the same subject in the last 30 days, in batch {batch}. To send only "
                "if it did not reach them, mend the address in the sheet and import it with --batch {batch}.",
                "{count} recipients got the same subject in the last 30 days, most of them in batch {batch}. "
                "To send only to those whom it did not reach, "
                "mend their addresses in the sheet and import it with --batch {batch}.",
                count,
            ).format(count=count, batch=met.batch)
        )
    else:
        output.note(
            ngettext(
                "{count} recipient got the same subject in the last 30 days. "
                "Check that they are to get it again.",
                "{count} recipients got the same subject in the last 30 days. "
                "Check that they are to get it again.",
                count,
            ).format(count=count)
        )
    if met.cut:
        output.note(
            _("For this, only the newest {limit} messages were looked at.").format(limit=MAX_LOOKED_AT)
        )


def note_end(preview: Preview) -> None:
    """Say what may be misunderstood about batches, and about time."""
    if before := preview.count(RowStatus.ALREADY_ENQUEUED):
        output.note(
            ngettext(
                "{count} was enqueued before, and is left out: nothing is sent twice.",
                "{count} were enqueued before, and are left out: nothing is sent twice.",
                before,
            ).format(count=before)
        )
    _note_earlier(preview)
    output.note(
        _("The batch is {batch}: a new campaign needs another, with --batch.").format(
            batch=preview.campaign.batch
        )
    )
    ends, last = preview.campaign.sample.not_after, preview.estimate.finishes_at
    if ends and (last is None or last > ends):
        output.note(_("The last of them come after --not-after: what is not sent by then expires."))


def note_next_step(session: Session, batch: str, enqueued: int) -> None:
    """Say how to follow the messages, and whether a worker takes them."""
    note_workers(session, enqueued)
    output.note(
        ngettext(
            "Follow it with `pec watch --batch {batch}`; then `pec export --batch {batch}`.",
            "Follow them with `pec watch --batch {batch}`; then `pec export --batch {batch}`.",
            enqueued,
        ).format(batch=batch)
    )


def note_workers(session: Session, enqueued: int) -> None:
    """Say that no worker takes the messages, if none is running."""
    if no_worker_runs(session.store):
        output.note(
            ngettext(
                "No worker is running, so it waits in Redis: start one with `pec worker`.",
                "No worker is running, so they wait in Redis: start one with `pec worker`.",
                enqueued,
            )
        )


def _note_earlier(preview: Preview) -> None:
    """Count the messages that reached no recipient, and name the two ways to send them again."""
    over = dict(preview.earlier.over) if preview.earlier else {}
    if count := over.pop(State.CANCELLED, 0):
        output.note(
            ngettext(
                "Of those, {count} was cancelled: send it with --again cancelled.",
                "Of those, {count} were cancelled: send them with --again cancelled.",
                count,
            ).format(count=count)
        )
    if over:
        counted = joined(", ", (count_of(state, count) for state, count in over.items()))
        output.note(
            _(
                "Of those, some reached no recipient ({counts}): "
                "correct their addresses in the sheet and import it into this batch, "
                "or send them unchanged with --again {names}."
            ).format(counts=counted, names=",".join(over))
        )
