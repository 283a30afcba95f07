"""The note about a batch that has no messages."""

from cli import output
from config.texts import _
from pec.operations.messages.batch_names import is_unknown, meant_instead
from pec.operations.session import Session


def note_unknown(session: Session, batch: str) -> None:
    """Print that the batch has no messages, and the known name that was probably meant."""
    if near := meant_instead(session.store, batch):
        output.note(
            _("There is no message of batch {name} so far: did you mean {name2}?").format(
                name=batch, name2=near
            )
        )
    elif is_unknown(session.store, batch):
        output.note(_("There is no message of batch {name} so far.").format(name=batch))
