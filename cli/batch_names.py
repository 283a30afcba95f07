"""The note about a batch that has no messages, if a known one has a name like it."""

from cli import output
from cli.session import Session
from pec.operations.batch_names import meant_instead


def note_unknown(session: Session, batch: str) -> None:
    """Print the known name that was probably meant, if the batch has no messages."""
    if near := meant_instead(session.store, batch):
        output.note(f"There is no message of batch {batch} so far: did you mean {near}?")
