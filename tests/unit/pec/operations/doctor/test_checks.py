"""The doctor's verdicts, without a patient."""

from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from config.redis_connection import address, connect
from config.settings import Settings
from pec.api.client import Mailbox
from pec.api.errors import Denied, OutcomeUnknown, Unreachable
from pec.operations.doctor import checks, server
from pec.operations.doctor.broker import broker
from pec.operations.doctor.checks import Kind
from pec.operations.doctor.replicas import alike, replica
from pec.operations.doctor.versions import version
from pec.operations.status.findings import Finding, Mark

MAILBOX = Mailbox("me@pec.example", "me", SecretStr("hunter2"), SecretStr("tok"))


@pytest.mark.parametrize(
    ("running", "mark"),
    [("6.2.14", "fail"), ("7.0.0", "ok"), ("7.2.4", "ok"), ("8.0.1", "ok"), ("10.1", "ok")],
)
def test_redis_must_be_version_7(running: str, mark: str) -> None:
    info = {"redis_version": running}

    assert version(info).mark == mark
    assert broker("redis://10.0.0.2:6379/0", info).mark == mark


def test_a_broker_that_is_too_old_is_named_by_its_address() -> None:
    found = broker("redis://10.0.0.2:6379/0", {"redis_version": "6.2.14"})

    assert found.what == "Dramatiq's queues are in redis://10.0.0.2:6379/0, and the server is Redis 6.2.14"
    assert "Redis 7" in found.remedy
    assert broker("redis://10.0.0.2:6379/0", None).mark == "ok"


@pytest.mark.parametrize(("value", "mark"), [("always", "ok"), ("everysec", "fail"), (None, "warn")])
def test_what_can_lose_data_fails_and_what_can_not_be_read_warns(value: str | None, mark: str) -> None:
    found = server.durable("appendfsync", value, "always", "a claim can be lost", "redis-cli")

    assert found.mark == mark
    assert mark == "ok" or "always" in found.remedy


@pytest.mark.parametrize(("seconds", "mark"), [(0.0, "ok"), (-1.9, "ok"), (2.1, "fail"), (-2.1, "fail")])
def test_clocks_must_agree_to_two_seconds(seconds: float, mark: str) -> None:
    assert server.clock(seconds).mark == mark


@pytest.mark.parametrize(
    ("connected", "wanted", "plain", "by_sentinels"),
    [
        (0, 1, "fail", "fail"),
        (1, 1, "ok", "ok"),
        (2, 1, "fail", "ok"),  # seen: a planned failover to the other one
        (2, 2, "ok", "ok"),
        (3, 1, "fail", "fail"),
        (3, 2, "warn", "ok"),
        (0, 0, "ok", "fail"),
        (1, 0, "warn", "fail"),
    ],
)
def test_what_a_failover_could_lose_is_found(
    connected: int, wanted: int, plain: str, by_sentinels: str
) -> None:
    assert server.replicas(connected, wanted).mark == plain
    assert server.replicas(connected, wanted, sentinels=True).mark == by_sentinels


def test_a_server_that_takes_writes_without_replicas_is_warned_of() -> None:
    info = {"min_slaves_good_slaves": 2}
    marks = [
        [one.mark for one in server.demanded_replicas(demanded, info, awaited, "redis-cli")]
        for demanded, awaited in [(0, 0), (0, 1), (1, 1), (3, 1)]
    ]

    assert marks == [[], [Mark.WARN], [], [Mark.FAIL]]


@pytest.mark.parametrize(("value", "mark"), [("yes", None), ("no", "warn"), (None, "note")])
def test_a_replica_never_fails_the_whole(value: str | None, mark: str | None) -> None:
    found = replica("h:1", "appendonly", value, "yes", "redis-cli")

    assert (found and found.mark) == mark


def test_a_replica_is_asked_over_tls_where_the_server_is_and_only_once() -> None:
    url = "rediss://pec:hunter2@h:6379/0?ssl_ca_certs=/etc/pec/ca.pem"
    with connect(url) as master, alike(master, "r", 6380) as client:
        at = client.connection_pool.connection_kwargs
        assert address(client) == "rediss://r:6380/0"
        assert (at["ssl_ca_certs"], at["username"], at["password"]) == ("/etc/pec/ca.pem", "pec", "hunter2")
        assert at["retry"].get_retries() == 0


@pytest.mark.parametrize(
    ("url", "command"),
    [
        ("redis://localhost:6379/0", "redis-cli"),
        ("redis://localhost:6380/0", "redis-cli -u redis://localhost:6380/0"),
        ("rediss://pec:hunter2@redis.example.it:6379/2", "redis-cli -u rediss://redis.example.it:6379/2"),
        ("unix:///run/a b.sock?db=0&password=hunter2", "redis-cli -s '/run/a b.sock'"),
    ],
)
def test_the_servers_own_command_goes_where_we_go_and_shows_no_password(url: str, command: str) -> None:
    with connect(url) as client:
        assert server.redis_cli(client) == command


@pytest.mark.parametrize("kind", ["queue", "account", "endpoint"])
def test_what_no_worker_serves_is_named(kind: Kind) -> None:
    found = checks.served(kind, {"send", "check"}, {"check"})

    assert (found.mark, "send" in found.what, "check" in found.what) == (Mark.FAIL, True, False)


@pytest.mark.parametrize(
    ("error", "mark", "unreachable"),
    [
        (None, "ok", False),
        (Denied("credentials"), "fail", False),
        (Unreachable("refused", may_have_left=False, cause="Connection refused"), "fail", True),
        (OutcomeUnknown("status", status=500), "warn", False),
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
        version({"redis_version": "6.0.0"}),
        server.durable("appendonly", "no", "yes", "lost", "redis-cli"),
        server.clock(9),
        server.replicas(0, 1),
        checks.served("account", {"acme"}, set()),
    ]

    assert all(finding.mark is Mark.FAIL and finding.remedy for finding in sick)


def test_valkey_is_shown_by_its_own_version() -> None:
    assert version({"redis_version": "7.2.4", "valkey_version": "9.1.2"}).what == "the server is Valkey 9.1.2"
    assert version({"redis_version": "8.2.0"}).what == "the server is Redis 8.2.0"


@pytest.mark.parametrize(
    ("used", "most", "mark"), [(10**9, 0, "ok"), (69, 100, "ok"), (75, 100, "warn"), (81, 100, "fail")]
)
def test_memory_warns_before_intake_stops(used: int, most: int, mark: str) -> None:
    assert server.memory(used, most, 0.8, "redis-cli").mark == mark


def test_memory_names_the_share_at_which_intake_stops() -> None:
    assert "take no new jobs above 90%" in server.memory(85, 100, 0.9, "redis-cli").what


def test_a_rewrite_that_failed_fails() -> None:
    failed = list(server.rewrites({"aof_last_bgrewrite_status": "err"}))

    assert [found.mark for found in failed] == [Mark.FAIL]
    assert list(server.rewrites({"aof_last_bgrewrite_status": "ok"})) == []


def test_a_server_that_reads_its_file_still_is_to_be_waited_for() -> None:
    error = redis.BusyLoadingError("Redis is loading the dataset in memory")

    assert server.unusable("h:1", error).remedy == "wait until it has read its append-only file"
    assert server.unusable("h:1", redis.ConnectionError("refused")).remedy == "start it, or set PEC_REDIS_URL"


def test_a_refused_password_brings_no_advice_to_start_the_server() -> None:
    error = redis.AuthenticationError("Authentication required.")

    assert server.unusable("h:1", error).remedy == "set the right user and password in PEC_REDIS_URL"


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("redis://pec:hunter2@redis.example.it:6379/0", True),
        ("rediss://pec:hunter2@redis.example.it:6379/0", False),
        ("redis://pec:hunter2@127.0.0.1:6379/0", False),
        ("redis://redis:6379/0", False),  # of compose: no password, in a network of its own
        ("unix:///run/redis.sock?db=0&password=hunter2", False),
        ("redis+sentinel://pec:hunter2@127.0.0.1,redis.example.it/pec/0", True),
        ("redis+sentinel://redis.example.it/pec/0?sentinel_password=hunter2", True),
        ("rediss+sentinel://pec:hunter2@redis.example.it/pec/0", False),
    ],
)
def test_a_password_that_others_can_read_on_the_way_is_warned_of(url: str, warned: bool) -> None:
    found = list(server.encrypted(url))

    assert [one.mark for one in found] == [Mark.WARN] * warned
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    ("running", "mark"),
    [("2.2.1", "ok"), ("2.10", "ok"), ("2.1.9", "fail"), ("1.17", "fail"), ("3.0", "fail")],
)
def test_dramatiq_is_of_a_version_whose_ways_are_known(running: str, mark: str) -> None:
    assert checks.dramatiq(running).mark == mark


def test_settings_by_which_something_is_lost_or_seen_are_warned_of() -> None:
    settings = Settings.model_validate(
        {
            "api": {"url": "http://api.example.it"},
            "webhooks": {
                "endpoints": [{"url": "http://me:hunter2@crm.example.it/", "secret": "whsec_" + "QUFB" * 8}]
            },
            "retention": {"delete_unexported": True, "ids_days": 10},
        }
    )

    found = list(checks.settings_checks(settings))

    assert [one.mark for one in found] == [Mark.OK, *[Mark.WARN] * 4]
    assert all(one.remedy for one in found[1:])
    assert "hunter2" not in str(found)
    assert [one.mark for one in checks.settings_checks(Settings())] == [Mark.OK]


def test_files_of_secrets_are_looked_at_like_the_file_of_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, mode in (("token", 0o600), ("password", 0o644)):
        (tmp_path / name).write_text("hunter2")
        (tmp_path / name).chmod(mode)
    monkeypatch.setenv("PEC_API__TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("PEC_ACCOUNTS__ACME__PASSWORD_FILE", str(tmp_path / "password"))

    found = {one.what.split()[0]: one.mark for one in checks.file_checks()}

    assert found == {str(tmp_path / "token"): Mark.OK, str(tmp_path / "password"): Mark.WARN}


@pytest.mark.parametrize("host", ["127.0.0.1:3000", "localhost", "10.1.2.3", "[::1]", "169.254.169.254"])
def test_an_endpoint_that_workers_refuse_to_reach_is_named(host: str) -> None:
    endpoint = {"name": "crm", "url": f"https://{host}/pec", "secret": "whsec_" + "QUFB" * 8}
    strict = Settings.model_validate({"webhooks": {"endpoints": [endpoint]}})
    allowed = Settings.model_validate({"webhooks": {"endpoints": [endpoint], "allow_private": True}})

    found = [one for one in checks.settings_checks(strict) if one.mark is Mark.WARN]

    assert ["endpoint crm" in one.what for one in found] == [True]
    assert "PEC_WEBHOOKS__ALLOW_PRIVATE" in found[0].remedy
    assert all(one.mark is Mark.OK for one in checks.settings_checks(allowed))


@pytest.mark.parametrize("host", ["crm.example.it", "8.8.8.8"])
def test_an_endpoint_with_a_name_or_a_public_address_is_not(host: str) -> None:
    assert not list(checks.public_endpoint("crm", f"https://{host}/pec"))
