"""`pec import --test-to`: some rows' letters go to oneself, and nothing to their recipients."""

from collections.abc import Sequence

from cli import output
from cli.campaigns.notes import note_workers
from cli.campaigns.options import usage_errors
from cli.errors import Exit, Failure
from config.texts import _, joined, ngettext
from pec.jobs import JobRejected
from pec.operations.session import Session
from producers.campaigns.campaign import Campaign
from producers.campaigns.row_store import RowStatus
from producers.campaigns.trial import Picked, Trial, first_sendable, picked, refused, trials
from producers.producer import Producer

_COLUMNS = (_("ROW"), _("LINE"), _("RECIPIENT"), _("SUBJECT"), _("ID"))


def send_trials(
    session: Session, campaign: Campaign, to: str, numbers: Sequence[int], *, as_json: bool
) -> None:
    """Enqueue the letters of these rows, or of the first that can be sent. Raise Failure."""
    rows = _rows(campaign, numbers)
    try:
        made = trials(campaign, rows, to)
        Producer.on(session.store).send_many(trial.job for trial in made)
    except (JobRejected, OSError) as error:
        raise Failure(
            _("no test was sent, because a file was changed meanwhile ({why})").format(why=error),
            Exit.REJECTED,
        ) from None
    if as_json:
        output.data({"test_to": to, "tests": [_as_dict(trial) for trial in made]})
    else:
        output.table(_COLUMNS, [tuple(_as_dict(trial).values()) for trial in made])
    _tell(session, campaign, to, made)


def _rows(campaign: Campaign, numbers: Sequence[int]) -> list[Picked]:
    """Raise Failure or UsageError if one of them can't be sent."""
    with usage_errors():
        rows = picked(campaign, numbers, "--rows") if numbers else first_sendable(campaign)
    if not rows:
        raise Failure(_("no test was sent, because no line can be sent: see --dry-run"), Exit.REJECTED)
    if wrong := refused(campaign, rows):
        said = [
            _("row {row} (line {line}): {column}: {problem}").format(
                row=row.number, line=row.entry.line, column=problem.field, problem=problem.reason
            )
            for row, problem in wrong
        ]
        raise Failure(
            joined("\n", [_("no test was sent: mend the row, or name another with --rows"), *said]),
            Exit.REJECTED,
        )
    return rows


def _as_dict(trial: Trial) -> dict[str, object]:
    return {
        "row": trial.picked.number,
        "line": trial.picked.entry.line,
        "recipient": trial.recipient,
        "subject": trial.job["subject"],
        "id": trial.job["id"],
    }


def _tell(session: Session, campaign: Campaign, to: str, made: Sequence[Trial]) -> None:
    output.note(
        ngettext(
            "{count} test enqueued to {address}, in no batch. The recipient of the row gets nothing.",
            "{count} tests enqueued to {address}, in no batch. The recipients of the rows get nothing.",
            len(made),
        ).format(address=to, count=len(made))
    )
    if count := campaign.row_store.count(RowStatus.REFUSED):
        output.note(
            ngettext(
                "{count} refused line is not looked at here: --dry-run shows it.",
                "{count} refused lines are not looked at here: --dry-run shows them.",
                count,
            ).format(count=count)
        )
    note_workers(session, len(made))
    follow = ngettext("Follow it with `pec watch {ids}`.", "Follow them with `pec watch {ids}`.", len(made))
    output.note(follow.format(ids=" ".join(str(trial.job["id"]) for trial in made)))
