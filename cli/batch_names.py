"""The note about a batch that has no messages, if a known one has a name like it."""

from cli import output
from config.texts import _
from pec.operations.messages.batch_names import meant_instead
from pec.operations.session import Session


def note_unknown(session: Session, batch: str) -> bool:
    """Print the known name that was probably meant, if the batch has no messages. Return whether there is one."""
    near = meant_instead(session.store, batch)
    if near:
        output.note(
            _("There is no message of batch {name} so far: did you mean {name2}?").format(
                name=batch, name2=near
            )
        )
    return near is not None
