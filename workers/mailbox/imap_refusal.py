"""Ending the use of credentials that an IMAP server refuses, because repeated refusals lock mailboxes."""

import structlog

from pec.imap.credentials import digest
from pec.imap.errors import LoginRefused
from pec.imap.server import Server
from pec.messages import Reason
from pec.store import imap_state
from workers.context import WorkerContext

log = structlog.get_logger()


def refuse(ctx: WorkerContext, account: str, server: Server, refused: LoginRefused) -> None:
    """Note that the server refused a login, so that no worker tries it again."""
    reason = Reason("login_refused", refused.description)
    imap_state.note_refused(ctx.store, account, digest(server), reason)
    remedy = f"correct PEC_ACCOUNTS__{account.upper()}__IMAP__PASSWORD, or run `pec resume {account}`"
    log.error("imap_refused", account=account, why=refused.description, remedy=remedy)
