"""Logs in with the credentials that open the mailbox to the API, unless a fault refuses all."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NoReturn

from pymap.exceptions import InvalidAuth, NotAllowedError
from pymap.interfaces.login import IdentityInterface, LoginInterface
from pymap.user import UserMetadata
from pysasl.creds.plain import PlainCredentials
from pysasl.creds.server import ServerCredentials

from sandbox.access import Credentials, mailbox_opened_by
from sandbox.imap.session import Session
from sandbox.imap_faults import ImapFaults
from sandbox.mailbox import Mailbox
from sandbox.pec_network import PecNetwork


class Identity(IdentityInterface):
    """A user and the mailbox that is open to them."""

    def __init__(self, name: str, mailbox: Mailbox) -> None:
        self._name = name
        self._mailbox = mailbox

    @property
    def name(self) -> str:
        return self._name

    @property
    def roles(self) -> frozenset[str]:
        return frozenset()

    @asynccontextmanager
    async def new_session(self) -> AsyncIterator[Session]:
        yield Session(self._name, self._mailbox)

    async def new_token(self, *, expiration: datetime | None = None) -> None:
        return None

    async def get(self) -> NoReturn:
        raise NotAllowedError

    async def set(self, metadata: UserMetadata) -> NoReturn:
        raise NotAllowedError

    async def delete(self) -> NoReturn:
        raise NotAllowedError


class Login(LoginInterface):
    """Logs in with a user name and a password."""

    def __init__(
        self,
        network: PecNetwork,
        known: tuple[Credentials, ...],
        senders: Mapping[str, str],
        faults: ImapFaults,
    ) -> None:
        self._network = network
        self._known = known
        self._senders = senders
        self._faults = faults

    @property
    def tokens(self) -> NoReturn:
        raise NotAllowedError

    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        if self._faults.behaviour.refuses_logins:
            self._faults.count("refuses_logins")
            raise InvalidAuth
        if not isinstance(credentials, PlainCredentials):
            raise InvalidAuth
        username, password = credentials.authcid, credentials._secret
        address = mailbox_opened_by(self._known, username, password, self._senders)
        if address is None:
            raise InvalidAuth
        return Identity(username, self._network.mailbox(address))

    async def authorize(self, authenticated: IdentityInterface, authzid: str) -> IdentityInterface:
        return authenticated
