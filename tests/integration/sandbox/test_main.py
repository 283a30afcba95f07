"""`python -m sandbox` as someone types it."""

import ssl
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from urllib.request import urlopen

import pytest
import requests
from click.testing import CliRunner, Result

from sandbox.__main__ import main
from tests.integration.sandbox.serving import (
    DEADLINE_SECONDS,
    Served,
    serving,
    started,
    wait_until,
    write_send,
)
from tests.module_process import ROOT

CERTIFICATE = ROOT / "tests" / "localhost.pem"  # holds the key, too


def run(*options: str) -> Result:
    """For options with which nothing is served: in this process, which is faster."""
    return CliRunner().invoke(main, options, prog_name="python -m sandbox")


def test_help_shows_examples_and_every_story() -> None:
    text = run("--help").output

    assert "pec sandbox --port 0 --ready-file" in text
    for story in ("mancata-consegna", "tempo-massimo", "risposta-persa", "connessione-chiusa"):
        assert story in text.replace("-\n  ", "-")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--token", "t=GET:sned"], "GET:sned"),
        (["--mailbox", "a@pec.example:user"], "ADDRESS:USERNAME:PASSWORD"),
        (["--rate", "0"], "--rate"),
        (["--shape", "odd"], "documented"),
        (["--tls-cert", str(CERTIFICATE)], "--tls-key"),
    ],
)
def test_a_wrong_option_is_a_usage_error_that_says_what_would_be_right(options: list[str], said: str) -> None:
    finished = run(*options)

    assert finished.exit_code == 2
    assert said in finished.stderr


def test_a_port_in_use_is_reported_in_one_line() -> None:
    with serving() as api:
        finished = run("--port", api.url.rpartition(":")[2])

    assert (finished.exit_code, finished.stdout) == (1, "")
    assert "try --port 0" in finished.stderr
    assert finished.stderr.count("\n") == 1


def test_the_port_of_imap_in_use_names_its_own_option() -> None:
    with serving() as api:
        finished = run("--port", "0", "--imap-port", api.url.rpartition(":")[2])

    assert (finished.exit_code, finished.stdout) == (1, "")
    assert "try --imap-port 0" in finished.stderr


def test_an_anchor_file_that_cannot_be_written_is_reported_in_one_line(tmp_path: Path) -> None:
    finished = run("--port", "0", "--imap-port", "0", "--anchor-file", str(tmp_path / "nowhere" / "ca.pem"))

    assert (finished.exit_code, finished.stdout) == (1, "")
    assert "choose another file" in finished.stderr
    assert finished.stderr.count("\n") == 1


def test_a_file_that_is_no_certificate_is_reported_before_the_url(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")

    finished = run("--port", "0", "--tls-cert", str(nonsense), "--tls-key", str(nonsense))

    assert (finished.exit_code, finished.stdout) == (1, "")
    assert "give a PEM pair" in finished.stderr


def test_the_ready_file_holds_the_url_once_it_answers(tmp_path: Path) -> None:
    ready = tmp_path / "sandbox.url"
    with started("--port", "0", "--ready-file", str(ready)) as process:
        wait_until(ready.exists)
        with closing(urlopen(ready.read_text().strip() + "/_sandbox/health")) as answer:
            assert answer.status == 200
        process.terminate()
        stdout, stderr = process.communicate(timeout=DEADLINE_SECONDS)

    assert (stdout, stderr) == (ready.read_text(), "")


def test_options_come_from_the_environment_too() -> None:
    environment = {
        "PEC_SANDBOX_TOKEN": "one two=GET:inbox",
        "PEC_SANDBOX_MAILBOX": "a@pec.example:u:p",
        "PEC_SANDBOX_FIRST_PAGE": "0",
    }
    with serving(environment=environment) as api:
        login = {"x-username": "u", "x-password": "p"}
        one = api.call("GET", "/inbox", headers={**login, "Authorization": "Bearer one"})
        two = api.call("GET", "/quota/inbox", headers={**login, "Authorization": "Bearer two"})

    assert one.json()["page"] == 0
    assert two.status_code == 403


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements() -> None:
    with serving() as api, requests.Session() as session:
        session.trust_env = False
        ends = [time.monotonic()]
        for _ in range(20):
            assert session.get(f"{api.url}/_sandbox/health").json() == {"ok": True}
            ends.append(time.monotonic())

    later = [end - start for start, end in pairwise(ends)][10:]  # the first few are acknowledged at once
    assert min(later) < 0.03  # a delayed acknowledgement takes 0.04 s


def test_it_speaks_tls() -> None:
    with serving("--tls-cert", str(CERTIFICATE), "--tls-key", str(CERTIFICATE)) as api:
        trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
        with closing(urlopen(f"{api.url}/_sandbox/health", context=trusting)) as answer:
            assert answer.status == 200

    assert api.url.startswith("https://")


def test_it_stops_soon_though_a_client_waits_for_an_answer_that_never_comes() -> None:
    with started("--port", "0") as process:
        assert process.stdout
        api = Served(process.stdout.readline().strip())
        with closing(api.connect()) as connection:
            write_send(connection, "risposta-persa@pec.example", "waiting")
            wait_until(lambda: api.sent_with("waiting"))

            process.terminate()
            assert process.wait(DEADLINE_SECONDS) != 0
