"""A console that is killed while it puts a campaign into line: the next one goes on, and nothing is sent twice."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pec.store import users
from pec.store.store import Store
from pec.users import Role, User
from producers import Producer
from tests.integration.console.browser import Browser
from tests.integration.console.campaigning import PATIENCE_SECONDS, Clerk
from tests.integration.producing import jobs_in

ROOT = Path(__file__).parents[3]
ROWS = 1200


@contextmanager
def killed_at_the_end(redis_url: str, folder: Path) -> Iterator[Clerk]:
    """Run a console as a process, with a clerk in it, and kill it with no warning."""
    environment = {
        "PEC_REDIS_URL": redis_url,
        "PEC_API__TOKEN": "token",
        "PEC_ACCOUNTS__ACME__SENDER": "me@pec.example",
        "PEC_ACCOUNTS__ACME__USERNAME": "me",
        "PEC_ACCOUNTS__ACME__PASSWORD": "secret",
        "PEC_CONSOLE__FOLDER": str(folder),
        "PEC_CONSOLE__TRUSTED_PROXIES": "127.0.0.1",
        "PEC_CONSOLE__TRUSTED_HEADER": "X-Remote-User",
    }
    command = [sys.executable, "-m", "console", "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            browser = Browser(process.stdout.readline().strip())
            browser.session.headers.update({"X-Remote-User": "anna", "Accept-Language": "it"})
            yield Clerk(browser)
        finally:
            process.kill()


def test_a_killed_console_s_campaign_goes_on_and_sends_nothing_twice(
    store: Store, producer: Producer, redis_url: str, tmp_path: Path
) -> None:
    users.add(store, User(name="anna", role=Role.CLERK))
    rows = "".join(f"p{number}@pec.example;N;{number}\n" for number in range(ROWS))
    with killed_at_the_end(redis_url, tmp_path) as clerk:
        campaign = clerk.ready(f"PEC;nome;numero\n{rows}")
        clerk.start(campaign)
        wait_for_jobs(store)
    before = len(jobs_in(producer))

    with killed_at_the_end(redis_url, tmp_path) as clerk:
        clerk.sent(campaign)

    sends = [job["id"] for job in jobs_in(producer) if job["type"] == "send"]
    assert 0 < before <= ROWS + 1
    assert len(sends) == len(set(sends)) == ROWS


def wait_for_jobs(store: Store) -> None:
    """Wait until the first jobs are in line."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while store.client.xlen(store.keys.jobs) < 2:
        assert time.monotonic() < ends
        time.sleep(0.002)
