"""Starts real gateway processes, and speaks HTTP to them with a token of their Redis."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from pec.operations.people.tokens import create_token
from pec.store.store import Store
from pec.tokens import SCOPES

ROOT = Path(__file__).parents[4]
DEADLINE_SECONDS = 30.0
USERNAME, PASSWORD, SENDER = "me", "s3cret-word", "me@pec.example"
ACCOUNT = {
    "PEC_API__TOKEN": "upstream-token",
    "PEC_ACCOUNTS__ACME__SENDER": SENDER,
    "PEC_ACCOUNTS__ACME__USERNAME": USERNAME,
    "PEC_ACCOUNTS__ACME__PASSWORD": PASSWORD,
    "PEC_ACCOUNTS__BETA__SENDER": "beta@pec.example",
    "PEC_ACCOUNTS__BETA__USERNAME": "beta-user",
    "PEC_ACCOUNTS__BETA__PASSWORD": "beta-word",
}
MAILBOX = {"x-username": USERNAME, "x-password": PASSWORD}


@dataclass(frozen=True)
class Served:
    """A running gateway, and a token that may do everything with the account `acme`."""

    url: str
    token: str
    process: subprocess.Popen[str]

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **of: Any,
    ) -> requests.Response:
        """Make one call on a connection of its own. An empty token is left out."""
        bearer = self.token if token is None else token
        sent = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method,
                self.url + path,
                headers={**sent, **(headers or {})},
                timeout=DEADLINE_SECONDS,
                allow_redirects=False,
                **of,
            )


def a_token(store: Store, name: str = "everything", **fields: Any) -> str:
    """Return the text of a new token."""
    chosen = {"scopes": SCOPES, "accounts": ["acme"], "rate": 10_000.0, "expires_at": None, **fields}
    return create_token(store, name, actor="test", **chosen).text


@contextmanager
def serving(
    store: Store, redis_url: str, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Yield a gateway on a free port, and stop it. It must end in order unless the test killed it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PEC_")}
    chosen = {**clean, "PEC_REDIS_URL": redis_url, **ACCOUNT, **(environment or {})}
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "gateway", "--port", "0", "--workers", "1", *options],
        cwd=ROOT,
        env=chosen,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, "the gateway did not start"
            yield Served(url, a_token(store), process)
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)
