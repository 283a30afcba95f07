"""`pec import --again`: what reached nobody is sent again, and a batch that was cancelled goes on."""

from collections.abc import Collection

import click

from cli import output
from cli.errors import Exit, Failure
from cli.import_report import Found
from cli.state_name import state_named
from pec.names import State
from pec.store.store import Store
from producers.campaigns.again import SENDABLE_AGAIN
from producers.campaigns.cancelled_batch import Cancel, cancel_of
from producers.campaigns.row_store import RowStatus
from producers.campaigns.same_subject import MAX_LOOKED_AT

_NAMES = ", ".join(SENDABLE_AGAIN)


def _states(ctx: click.Context, param: click.Parameter, value: str | None) -> frozenset[State]:
    named = {state_named(name) for name in (value or "").split(",") if name.strip()}
    states = frozenset(state for state in named if state is not None)
    if value is not None and (not states or states != named or not states <= set(SENDABLE_AGAIN)):
        raise click.BadParameter(f"{value} is no list of states: choose from {_NAMES}")
    return states


again_option = click.option(
    "--again",
    metavar="STATES",
    callback=_states,
    help="Send again what of an earlier import of the batch ended so: cancelled, or refused,undelivered.",
)


def refuse_cancelled(store: Store, found: Found, again: Collection[State]) -> None:
    """Raises Failure where what is to be enqueued would be cancelled on arrival."""
    batch, wanted = found.campaign.batch, State.CANCELLED in again
    if not (found.count(RowStatus.READY) or wanted):
        return
    cancel = cancel_of(store, batch)
    if cancel is Cancel.NONE or (cancel is Cancel.DONE and wanted):
        return
    if wanted:
        raise Failure(
            f"nothing is enqueued, because batch {batch} is still being cancelled: "
            "import again once workers have taken its jobs (`pec status` shows them)",
            Exit.REJECTED,
        )
    raise Failure(
        f"nothing is enqueued, because batch {batch} was cancelled and new messages of it would be too: "
        "send them, and what was cancelled, with --again cancelled, or choose another --batch",
        Exit.REJECTED,
    )


def tell_of_same_subject(found: Found) -> None:
    """Name who may get a campaign a second time, and the batch that they got it in."""
    if not (met := found.repeated):
        return
    count = met.recipients
    if met.batch:
        output.note(
            f"Recipients who got the same subject in the last 30 days: {count}, most of them in batch "
            f"{met.batch}. To send only to those whom it did not reach, mend their addresses in the sheet "
            f"and import it with --batch {met.batch}."
        )
    else:
        output.note(
            f"Recipients who got the same subject in the last 30 days: {count}. "
            "Check that they are to get it again."
        )
    if met.cut:
        output.note(f"For this, only the newest {MAX_LOOKED_AT} messages were looked at.")


def tell_of_earlier(found: Found) -> None:
    """Name what reached nobody, and the two ways to reach them."""
    over = dict(found.earlier.over) if found.earlier else {}
    if count := over.pop(State.CANCELLED, 0):
        output.note(f"Of those, {count} were cancelled: send them with --again cancelled.")
    if over:
        counted = ", ".join(f"{count} {state}" for state, count in over.items())
        output.note(
            f"Of those, some reached nobody ({counted}): mend their addresses in the sheet and import it into "
            f"this batch, or send them as they are with --again {','.join(over)}."
        )
