"""Mail that comes in and is no receipt of our messages."""

from workers.context import WorkerContext
from workers.mailbox.imap_folder import FoundMail


def incoming(ctx: WorkerContext, account: str, mail: FoundMail) -> None:
    """Do nothing yet with a mail that is no receipt. Called once or more often for each mail, in order."""
