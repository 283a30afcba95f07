"""The doctor's verdicts, without a patient."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from pec.api.client import Mailbox
from pec.api.errors import Denied, Unknown, Unreachable
from producers.cli import checks
from producers.cli.checks import Finding, Mark

MAILBOX = Mailbox("me@pec.example", "me", SecretStr("hunter2"), SecretStr("tok"))


@pytest.mark.parametrize(
    ("running", "mark"),
    [("6.2.14", "fail"), ("7.0.0", "ok"), ("7.2.4", "ok"), ("8.0.1", "ok"), ("10.1", "ok")],
)
def test_redis_must_be_version_7(running: str, mark: str) -> None:
    assert checks.version(running).mark == mark


@pytest.mark.parametrize(("value", "mark"), [("always", "ok"), ("everysec", "fail"), (None, "warn")])
def test_what_can_lose_data_fails_and_what_can_not_be_read_warns(value: str | None, mark: str) -> None:
    found = checks.durable("appendfsync", value, "always", "a claim can be lost")

    assert found.mark == mark
    assert mark == "ok" or "always" in found.remedy


@pytest.mark.parametrize(("seconds", "mark"), [(0.0, "ok"), (-1.9, "ok"), (2.1, "fail"), (-2.1, "fail")])
def test_clocks_must_agree_to_two_seconds(seconds: float, mark: str) -> None:
    assert checks.clock(seconds).mark == mark


def test_dramatiq_needs_a_database_of_its_own() -> None:
    assert checks.broker("redis://h:1/0", "redis://h:1/0").mark is Mark.FAIL
    assert checks.broker("redis://h:1/0", "redis://h:1/1").mark is Mark.OK


@pytest.mark.parametrize(("connected", "mark"), [(0, "fail"), (1, "ok"), (2, "ok")])
def test_the_replicas_that_are_required_must_be_there(connected: int, mark: str) -> None:
    assert checks.replicas(connected, 1).mark == mark


def test_a_queue_that_nobody_serves_is_named() -> None:
    found = checks.served("queue", {"send", "check"}, {"check"})

    assert (found.mark, "send" in found.what, "check" in found.what) == (Mark.FAIL, True, False)


@pytest.mark.parametrize(
    ("error", "mark", "unreachable"),
    [
        (None, "ok", False),
        (Denied("credentials", "401"), "fail", False),
        (Unreachable("refused", "connection refused"), "fail", True),
        (Unknown("status", "500"), "warn", False),
    ],
)
def test_an_accounts_credentials_are_judged_by_what_the_api_says(
    error: Exception | None, mark: str, unreachable: bool
) -> None:
    def ask(_: Mailbox) -> None:
        if error:
            raise error

    found = checks.credentials("acme", ask, MAILBOX)

    assert (found.mark, found.unreachable) == (mark, unreachable)
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(("mode", "mark"), [(0o600, "ok"), (0o640, "ok"), (0o644, "warn")])
def test_a_file_of_settings_is_not_for_others(tmp_path: Path, mode: int, mark: str) -> None:
    path = tmp_path / "pec.toml"
    path.write_text("")
    path.chmod(mode)

    assert checks.private(path).mark == mark


def test_whatever_is_not_well_names_its_remedy() -> None:
    sick: list[Finding] = [
        checks.version("6.0.0"),
        checks.durable("appendonly", "no", "yes", "lost"),
        checks.clock(9),
        checks.broker("a", "a"),
        checks.replicas(0, 1),
        checks.served("account", {"acme"}, set()),
    ]

    assert all(finding.mark is Mark.FAIL and finding.remedy for finding in sick)
