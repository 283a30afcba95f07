"""`pec` under LANG=it_IT.UTF-8: people read Italian, in a pipe too; programs read `--json`, which has no language."""

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
from redis import Redis

from producers import Producer
from tests.acceptance.command import PEC, ROOT, read_all

IN_ITALIAN = {"LC_ALL": "", "LANG": "it_IT.UTF-8"}
PATIENCE_SECONDS = 60


@pytest.fixture
def environment(redis: Redis, redis_url: str) -> dict[str, str]:
    """A site with a job in Redis that no worker has taken."""
    with Producer(redis_url) as producer:
        producer.send("inv-1", "acme", "x@pec.example", "Fattura", "<p>Ciao</p>")
    return {**os.environ, "PEC_REDIS_URL": redis_url, "PYTHONPATH": str(ROOT)}


def ran(environment: dict[str, str], folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*PEC, *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("send", "--help"), "Invia una PEC."),
        (("--help",), "Annulla un messaggio non ancora inviato"),
        (("send",), "Errore: Manca l'opzione '--account'."),
        (("sned",), "Errore: non c'è il comando sned: forse send?"),
        ((), "Redis risponde, ma nessuna casella è configurata"),
        (
            ("send", "--account", "acme", "--to", "x", "--subject", "S", "--body", "B"),
            "pec: respinta: recipient: ",
        ),
        (("watch", "--batch", "b", "--timeout", "0.1"), "pec: alcuni messaggi non si sono conclusi in tempo"),
    ],
)
def test_help_and_errors_are_italian(
    environment: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    answer = ran(environment | IN_ITALIAN, tmp_path, *arguments)

    assert said in answer.stdout + answer.stderr


@pytest.mark.parametrize(
    "arguments", [("config", "--json"), ("status", "--json"), ("list", "--json"), ("doctor", "--json")]
)
def test_what_a_program_reads_is_the_same_in_every_language(
    environment: dict[str, str], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    english = ran(environment, tmp_path, *arguments).stdout
    italian = ran(environment | IN_ITALIAN, tmp_path, *arguments).stdout

    def without_numbers(text: str) -> str:  # ages and clocks move on
        return re.sub(r"[-+0-9]", "", text)

    assert without_numbers(italian) == without_numbers(english)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("config",), "IMPOSTAZIONE"), (("list",), "STATO"), (("status",), "VOCI"), (("doctor",), "avviar")],
)
def test_a_pipe_gets_italian_too(
    environment: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    assert said in ran(environment | IN_ITALIAN, tmp_path, *arguments).stdout


def test_a_terminal_shows_italian_headings(environment: dict[str, str], tmp_path: Path) -> None:
    master, terminal = pty.openpty()
    subprocess.run(
        [*PEC, "config"],
        env=environment | IN_ITALIAN,
        cwd=tmp_path,
        stdout=terminal,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    os.close(terminal)

    assert "IMPOSTAZIONE" in read_all(master)
