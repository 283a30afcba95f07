"""Waiting for new mail in a folder (IDLE, RFC 2177), so that receipts are read as soon as they come.

One process at a time waits for a folder, by a lease in Redis. The mailbox is read at intervals
all the same.
"""

import secrets
import time

import structlog

from pec.imap.credentials import digest
from pec.imap.errors import FolderMissing, ImapUnavailable, LoginRefused
from pec.imap.session import Session
from pec.store import imap_state
from pec.store.store import text
from workers.context import WorkerContext
from workers.mailbox.imap_refusal import refuse

WAIT_SECONDS = 2.0  # of one step, which the end of the process waits for
LEASE_SECONDS = 15.0
OTHERS_SECONDS = 5.0  # between two looks whether another process waits
RENEWED_SECONDS = 540.0  # after which the wait begins anew: servers and routers drop older ones
AGAIN_SECONDS = 30.0  # after a failure
log = structlog.get_logger()


class IdleWait:
    """Waits for one folder of one mailbox. `step` is for a background thread."""

    def __init__(self, ctx: WorkerContext, account: str, folder: str) -> None:
        self._ctx, self._account, self._folder = ctx, account, folder
        self._id = secrets.token_hex(6)
        self._session: Session | None = None
        self._began_at = 0.0

    def step(self) -> float:
        """Wait a little. Return the seconds to rest before the next step."""
        if not self._leads():
            self.close()
            return OTHERS_SECONDS
        try:
            return self._waited()
        except ImapUnavailable as error:
            log.info("imap_idle_ended", account=self._account, folder=self._folder, code=error.code)
        except FolderMissing:
            pass  # the readings report it
        self.close()
        return AGAIN_SECONDS

    def close(self) -> None:
        if self._session:
            self._session.close()
            self._session = None

    def _leads(self) -> bool:
        """Return whether this process waits for the folder, and take or renew the lease."""
        client, key = self._ctx.store.client, self._ctx.store.keys.imap_idle(self._account, self._folder)
        lease = int(LEASE_SECONDS * 1000)
        if client.set(key, self._id, nx=True, px=lease):
            return True
        return text(client.get(key) or "") == self._id and bool(client.pexpire(key, lease))

    def _waited(self) -> float:
        if self._session is None and not self._begin():
            return AGAIN_SECONDS
        assert self._session  # noqa: S101 - opened above
        if self._session.arrived(WAIT_SECONDS):
            self._mail_came()
        elif time.monotonic() - self._began_at > RENEWED_SECONDS:
            self._session.end_idle()
            self._session.begin_idle()
            self._began_at = time.monotonic()
        return 0.0

    def _begin(self) -> bool:
        """Log in and begin to wait. Return False if the server refuses that, or can't report new mail."""
        ctx, account = self._ctx, self._account
        server = ctx.imap_server(account)
        if server is None or imap_state.refusal_of(ctx.store, account, digest(server)):
            return False
        try:
            session = Session.open(server)
        except LoginRefused as refused:
            refuse(ctx, account, server, refused)
            return False
        if not session.can_idle():
            session.close()
            return False
        self._session = session
        session.examine(self._folder)
        session.begin_idle()
        self._began_at = time.monotonic()
        self._mail_came()  # or may have come before the wait
        return True

    def _mail_came(self) -> None:
        imap_state.make_due(self._ctx.store, self._account, self._ctx.now().timestamp())
        self._ctx.became_due.set()
