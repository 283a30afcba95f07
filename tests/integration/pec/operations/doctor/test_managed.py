"""The doctor before servers that a provider runs: restricted by ACLs, renamed commands and a single database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.redis_connection import connect
from config.settings import Settings
from pec.operations.doctor.run import run_checks
from pec.operations.doctor.server import redis_checks
from pec.operations.status.findings import Finding, Mark
from pec.store.store import Store
from tests.integration.pec.operations.doctor.servers import running

DURABLE = ("--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--save", "")
RENAMED = ("--rename-command", "CONFIG", "")


@contextmanager
def restricted(folder: Path, *commands: str, options: tuple[str, ...] = ()) -> Iterator[str]:
    """A durable server whose user may run all but these commands; gives the URL."""
    with running(folder, *DURABLE, "--databases", "1", *options) as url:
        with connect(url) as client:
            client.acl_setuser("pec", enabled=True, nopass=True, keys=["*"], commands=["+@all", *commands])
        yield f"{url}&username=pec&password=x"


def found_at(url: str, **settings: object) -> list[Finding]:
    with connect(url) as client:
        wanted = Settings.model_validate(
            {"redis_url": url, "broker_url": url, "redis_managed": True, **settings}
        )
        return list(redis_checks(Store(client, "pec"), wanted))


def ill(found: list[Finding]) -> list[str]:
    assert all(one.remedy for one in found if one.mark is not Mark.OK)
    return [f"{one.mark}: {one.what}" for one in found if one.mark is not Mark.OK]


def test_what_can_not_be_read_is_noted_with_what_it_can_cost(tmp_path: Path) -> None:
    with restricted(tmp_path, "-config", "-client", "-keys") as url:
        found = ill(found_at(url))

    assert found[:2] == [
        "note: appendfsync can't be checked: unless it is always, a claim can be lost with the power, and its "
        "message sent twice",
        "note: no-appendfsync-on-rewrite can't be checked: unless it is no, while the file is rewritten nothing is "
        "flushed, as with `appendfsync no`",
    ]
    assert [one.split(":")[1] for one in found[2:]] == [" no replica is shown"]


def test_a_renamed_config_is_the_same(tmp_path: Path) -> None:
    with running(tmp_path, *DURABLE, *RENAMED) as url:
        found = ill(found_at(url))

    assert [one.partition(" can't be checked")[0] for one in found[:2]] == [
        "note: appendfsync",
        "note: no-appendfsync-on-rewrite",
    ]


def test_what_is_not_as_it_should_be_is_warned_of_and_fails_nothing(tmp_path: Path) -> None:
    with restricted(tmp_path, "-config|set", options=("--appendfsync", "everysec")) as url:
        [first, *others] = ill(found_at(url))

    assert first.startswith("warn: appendfsync is everysec: a claim can be lost with the power")
    assert all(one.startswith("note: ") for one in others)


def test_replicas_that_are_awaited_are_checked_as_ever(tmp_path: Path) -> None:
    with restricted(tmp_path, "-config") as url:
        found = ill(found_at(url, redis_replicas=1))

    assert "fail: 0 of 1 replicas are connected: nothing can be sent" in found
    assert found[-1].startswith(
        "note: min-replicas-to-write can't be checked: unless it is PEC_REDIS_REPLICAS"
    )


def test_without_a_word_on_who_runs_it_a_server_is_warned_of(tmp_path: Path) -> None:
    with restricted(tmp_path, "-config") as url, connect(url) as client:
        settings = Settings.model_validate({"redis_url": url, "broker_url": url})
        found = list(redis_checks(Store(client, "pec"), settings))

    warned = [one for one in found if one.remedy]
    assert [one.mark for one in warned] == [Mark.WARN, Mark.WARN]
    assert "set PEC_REDIS_MANAGED=true" in warned[0].remedy


def test_without_info_the_doctor_says_so_and_goes_on(tmp_path: Path) -> None:
    with restricted(tmp_path, "-@dangerous") as url, connect(url) as client:
        settings = Settings.model_validate({"redis_url": url, "broker_url": url, "redis_managed": True})
        found = ill(list(run_checks(settings, Store(client, "pec"))))

    assert any(one.startswith("fail: INFO is refused (") for one in found)
    assert found[-1] == "warn: no account is configured here"
