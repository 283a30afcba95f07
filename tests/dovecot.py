"""A Dovecot of its own for a test: the real IMAP server of several providers, run from Debian's package."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Self

import pytest
from imapclient import IMAPClient
from pydantic import SecretStr

from pec.imap.server import Server
from tests.wire import eventually, free_port

PASSWORD = 'una"pass\\word'
CERTIFICATE = Path(__file__).parent / "localhost.pem"
_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
mail_location = maildir:{folder}/mail/%u
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 0
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
disable_plaintext_auth = no
auth_failure_delay = 0
auth_username_chars =
mail_max_userip_connections = 50
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
imap_capability = {capability}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = .
  prefix = INBOX.
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {encrypted}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


class Dovecot:
    """`plain` and `encrypted` are ports. Every user has the same password."""

    def __init__(self, capability: str = "") -> None:
        self.plain, self.encrypted = free_port(), free_port()
        self._capability = capability
        self._folder = Path(mkdtemp(prefix="pec-dovecot-"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        file = self._folder / "dovecot.conf"
        file.write_text(
            _CONFIGURATION.format(
                folder=self._folder,
                certificate=CERTIFICATE,
                password=PASSWORD,
                plain=self.plain,
                encrypted=self.encrypted,
                capability=self._capability,
                **_users(self._folder),
            )
        )
        self._process = subprocess.Popen([_program(), "-F", "-c", str(file)], stderr=subprocess.DEVNULL)
        eventually(self._listens)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)

    def server(self, user: str = "acme", password: str = PASSWORD) -> Server:
        return Server("127.0.0.1", self.plain, False, user, SecretStr(password))

    @contextmanager
    def client(self, user: str = "acme") -> Iterator[IMAPClient]:
        """Log in as a mail program does, to put mails in and to look at them."""
        with IMAPClient("127.0.0.1", self.plain, ssl=False) as client:
            client.plain_login(user, PASSWORD)
            yield client

    @contextmanager
    def closed_inbox(self, user: str) -> Iterator[None]:
        """Let the server answer NO to a client that opens this INBOX."""
        mails = self._folder / "mail" / user / "cur"
        mails.chmod(0)
        try:
            yield
        finally:
            mails.chmod(0o700)

    def _listens(self) -> bool:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.plain), 1).close()
            return True
        return False


def _users(folder: Path) -> dict[str, str]:
    me, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    if os.getuid() != 0:
        return {"user": me, "group": group, "internal": me, "internal_group": group, "login": me}
    (folder / "mail").mkdir()
    shutil.chown(folder / "mail", "nobody")
    folder.chmod(0o711)
    return {  # Dovecot reads no mail as root
        "user": "nobody",
        "group": "nogroup",
        "login": "dovenull",
        "internal": "dovecot",
        "internal_group": "dovecot",
    }


def _program() -> str:
    return shutil.which("dovecot") or "/usr/sbin/dovecot"


def require_dovecot() -> None:
    """Skip the test where Dovecot is not installed."""
    if not Path(_program()).exists():
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
