"""`pec import --again`: what reached no recipient is sent again, and a batch that was cancelled goes on."""

from collections.abc import Collection

import click

from cli import output
from cli.errors import Exit, Failure
from cli.import_report import Found
from cli.state_name import state_named
from config.texts import _, joined
from pec.attempts import SENDABLE_AGAIN
from pec.names import State
from pec.operations.state_counts import count_of
from pec.store.store import Store
from producers.campaigns.cancelled_batch import Cancel, cancel_of
from producers.campaigns.row_store import RowStatus
from producers.campaigns.same_subject import MAX_LOOKED_AT

_NAMES = ", ".join(SENDABLE_AGAIN)


def _states(ctx: click.Context, param: click.Parameter, value: str | None) -> frozenset[State]:
    named = {state_named(name) for name in (value or "").split(",") if name.strip()}
    states = frozenset(state for state in named if state is not None)
    if value is not None and (not states or states != named or not states <= set(SENDABLE_AGAIN)):
        raise click.BadParameter(
            _("{value} is no list of states: choose from {names}").format(value=value, names=_NAMES)
        )
    return states


again_option = click.option(
    "--again",
    metavar="STATES",
    callback=_states,
    help="Send again what of an earlier import of the batch ended so: cancelled, or refused,undelivered.",
)


def refuse_cancelled(store: Store, found: Found, again: Collection[State]) -> None:
    """Raise Failure if new messages would be cancelled on arrival."""
    batch, wanted = found.campaign.batch, State.CANCELLED in again
    if not (found.count(RowStatus.READY) or wanted):
        return
    cancel = cancel_of(store, batch)
    if cancel is Cancel.NONE or (cancel is Cancel.DONE and wanted):
        return
    if wanted:
        raise Failure(
            _(
                "nothing is enqueued, because batch {batch} is still being cancelled: "
                "import again once workers have taken its jobs (`pec status` shows them)"
            ).format(batch=batch),
            Exit.REJECTED,
        )
    raise Failure(
        _(
            "nothing is enqueued, because batch {batch} was cancelled and new messages of it would "
            "be too: send them, and what was cancelled, with --again cancelled, "
            "or choose another --batch"
        ).format(batch=batch),
        Exit.REJECTED,
    )


def tell_of_same_subject(found: Found) -> None:
    """Name who may get a campaign a second time, and the batch that they got it in."""
    if not (met := found.repeated):
        return
    count = met.recipients
    if met.batch:
        output.note(
            _(
                "Recipients who got the same subject in the last 30 days: {count}, "
                "most of them in batch {batch}. To send only to those whom it did not reach, "
                "mend their addresses in the sheet and import it with --batch {batch}."
            ).format(count=count, batch=met.batch)
        )
    else:
        output.note(
            _(
                "Recipients who got the same subject in the last 30 days: {count}. "
                "Check that they are to get it again."
            ).format(count=count)
        )
    if met.cut:
        output.note(
            _("For this, only the newest {count} messages were looked at.").format(count=MAX_LOOKED_AT)
        )


def tell_of_earlier(found: Found) -> None:
    """Count the messages that reached no recipient, and name the two ways to send them again."""
    over = dict(found.earlier.over) if found.earlier else {}
    if count := over.pop(State.CANCELLED, 0):
        output.note(
            _("Of those, {count} were cancelled: send them with --again cancelled.").format(count=count)
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
