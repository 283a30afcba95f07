"""Ending the use of credentials that an IMAP server refuses, because repeated refusals lock mailboxes."""

import hashlib
from functools import cache

import structlog

from pec.imap.errors import LoginRefused
from pec.imap.session import Server
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


@cache
def digest(server: Server) -> str:
    """Return a digest of a mailbox's credentials. It takes long to make, so it does not give a weak password away."""
    about = f"{server.host}:{server.port}\0{server.username}".encode()
    password = server.password.get_secret_value().encode()
    return hashlib.scrypt(password, salt=about, n=2**14, r=8, p=1, dklen=16).hex()
