"""The examples of the HTTP gateway, run as their readers run them, beside a worker and a sandbox."""

import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from config.redis_connection import connect
from pec.operations.people.tokens import create_token
from pec.store.store import Store
from pec.tokens import SCOPES
from sandbox.redis_server import EmbeddedServer
from tests.acceptance.programs import npm_installed, php_with, program
from tests.acceptance.site import MAILBOX, PASSWORD, TOKEN, Site, eventually, site

EXAMPLES = Path(__file__).parents[2] / "examples" / "gateway"
SENT_ONCE = {
    "sh": "Fattura n. 5/2026",
    "py": "Fattura n. 6/2026",
    "mjs": "Fattura n. 7/2026",
    "php": "Fattura n. 8/2026",
}
REMINDERS = {"sh": "Sollecito n. 1", "py": "Sollecito n. 2", "mjs": "Sollecito n. 3", "php": "Sollecito n. 4"}
SECONDS = 120


@dataclass(frozen=True)
class Stack:
    """A gateway with its worker and its sandbox, and the environment of its clients."""

    site: Site
    environment: dict[str, str]

    def run(self, command: list[str], **more: str) -> str:
        """Return what a program prints. It must exit with 0."""
        environment = {**os.environ, **self.environment, **more}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def sent(self, subject: str) -> list[Any]:
        """Return the PEC of this subject, with and without a reference behind it."""
        return [one for one in self.site.sent() if one["subject"].partition(" [rif. ")[0] == subject]


@pytest.fixture(scope="module")
def stack(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with connect(server.url) as client:
        client.flushall()
        with (
            site(client, server.url, tmp_path_factory.mktemp("site"), rate=50) as at,
            at.workers(1),
            at.gateway() as (url, _),
        ):
            yield Stack(at, {"GATEWAY": url, "TOKEN": a_token(client), "NO_PROXY": "*", "no_proxy": "*"})


def a_token(client: Redis) -> str:
    made = create_token(
        Store(client, "pec"), "examples", SCOPES, ["acme"], rate=1000, expires_at=None, actor="test"
    )
    return made.text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Node examples, with what package-lock.json names."""
    return npm_installed(EXAMPLES, tmp_path_factory.mktemp("node") / "gateway")


def runner(language: str) -> str:
    match language:
        case "sh":
            program("curl", in_ci=True)
            return "sh"
        case "py":
            return sys.executable
        case "php":
            return php_with("curl", "php-curl")
        case _:
            return program("node", in_ci=True)


@pytest.mark.parametrize("language", ["sh", "py", "php"])
def test_a_program_sends_once_follows_and_downloads_the_proof(
    stack: Stack, tmp_path: Path, language: str
) -> None:
    sends_once(stack, [runner(language), str(EXAMPLES / f"send.{language}")], tmp_path, language)


def test_a_client_is_generated_type_checked_and_does_the_same(
    stack: Stack, tmp_path: Path, folder: Path
) -> None:
    npm = [program("npm", in_ci=True), "--prefix", str(folder), "run", "--silent"]
    stack.run([*npm, "client"])
    stack.run([*npm, "check"])

    sends_once(stack, [runner("mjs"), str(folder / "send.mjs")], tmp_path, "mjs")


def sends_once(stack: Stack, command: list[str], place: Path, language: str) -> None:
    """Run the program twice. It sends one PEC in all, and writes its proof each time."""
    for number in range(2):
        said = stack.run([*command, str(place / f"{number}.zip")])
        assert "it is one PEC" in said
        assert "delivered" in said.lower()
        with zipfile.ZipFile(place / f"{number}.zip") as bundle:
            names = bundle.namelist()
        assert any(name.endswith("avvenuta-consegna.txt") for name in names), names
    [sent] = stack.sent(SENT_ONCE[language])
    assert len(sent["attachments"]) == 1


@pytest.mark.parametrize("language", list(REMINDERS))
def test_a_program_of_the_vendor_s_host_changes_host_and_token(stack: Stack, language: str) -> None:
    command = [runner(language), str(EXAMPLES / f"vendor.{language}")]
    mailbox = {"MAIL_SENDER": MAILBOX, "MAIL_USERNAME": "acme", "MAIL_PASSWORD": PASSWORD}

    before = stack.run(command, VENDOR_HOST=stack.site.sandbox_url, TOKEN=TOKEN, **mailbox)
    after = stack.run(command, VENDOR_HOST=stack.environment["GATEWAY"], **mailbox)

    assert [one.splitlines()[1].partition(":")[0] for one in (before, after)] == ["CONSEGNA", "CONSEGNA"]
    vendors, ours = stack.sent(REMINDERS[language])
    assert (vendors["attachments"], vendors["recipients"]) == (ours["attachments"], ours["recipients"])


def test_a_program_that_is_killed_sends_nothing_twice_and_misses_no_event(
    stack: Stack, tmp_path: Path
) -> None:
    command = [sys.executable, str(EXAMPLES / "follow.py"), str(tmp_path)]
    environment = {**os.environ, **stack.environment}

    def count(pattern: str) -> int:
        return len(list(tmp_path.glob(pattern)))

    for ended in (lambda: count("cursor"), lambda: count("*.json") >= 3, lambda: count("*.json") >= 15):
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            eventually(ended)
            process.kill()
    stack.run(command)

    known = [json.loads(one.read_text(encoding="utf-8")) for one in tmp_path.glob("*.json")]
    assert Counter(one["type"] for one in known) == {"proof.complete": 30}
    assert all(zipfile.is_zipfile(one) for one in tmp_path.glob("*.zip"))
    assert count("*.zip") == 30
    recipients = [
        one["recipients"][0] for one in stack.site.sent() if one["subject"].startswith("Avviso n. ")
    ]
    assert sorted(recipients) == sorted(f"consegna+{number}@pec.example" for number in range(1, 31))
