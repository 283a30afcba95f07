"""`pec pause --batch` and `pec resume --batch`: who did it, and what to do about a batch that is unknown."""

import getpass
import socket

from cli import output
from cli.batch_names import known_batches, near_batch
from cli.commands.status import perhaps_not_taken
from cli.errors import Exit, Failure
from cli.session import Session
from pec.instants import from_epoch, to_text
from pec.messages import Reason
from pec.operations.load_overview import jobs_waiting
from pec.operations.paused_batches import said
from pec.store import batches
from pec.store.accounts import BY_OPERATOR
from pec.store.store import Store

_MAX_NAMED = 5


def pause(session: Session, batch: str) -> None:
    """Raises Failure where no message of the batch is known."""
    at = from_epoch(session.store.now())
    reason = Reason(BY_OPERATOR, "paused by an operator", {"by": _operator(), "at": to_text(at)})
    outcome = batches.pause(session.store, batch, reason)
    if outcome == "unknown":
        raise _unknown(session.store, batch)
    if outcome == "already":
        output.note("It was paused already.")
    if paused := batches.state_of(session.store, batch):
        output.note(said(paused, at))


def resume(session: Session, batch: str) -> None:
    """Raises Failure where no message of the batch is known."""
    paused = batches.state_of(session.store, batch)
    outcome = batches.resume(session.store, batch)
    if outcome == "unknown":
        raise _unknown(session.store, batch)
    if outcome == "already":
        output.note("It was not paused.")
    elif paused and not paused.parked:
        output.note("Resumed: no message of it is left to send.")
    else:
        output.note("Resumed: its messages are in line again.")


def _operator() -> str:
    """Return `user@host`; a container's user may have no name."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return socket.gethostname()


def _unknown(store: Store, batch: str) -> Failure:
    """A slip of the pen, or its jobs are in the stream still."""
    waiting, _ = jobs_waiting(store)
    if near := near_batch(store, batch):
        remedy = f"did you mean {near}?"
    elif waiting:
        remedy = perhaps_not_taken(store)
    else:
        named = ", ".join(known_batches(store)[:_MAX_NAMED])
        remedy = f"known are: {named}" if named else "no queued message belongs to a batch"
    return Failure(f"there is no batch {batch}: {remedy}", Exit.REJECTED)
