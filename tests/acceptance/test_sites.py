"""Two installations as one: each job goes to its account's Redis, and one command looks at both."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from config.redis_connection import connect
from pec.jobs import JobRejected
from producers import SiteProducers
from sandbox.redis_server import EmbeddedServer
from tests.acceptance.command import Command
from tests.acceptance.site import MAILBOX, PASSWORD, Site, eventually, site
from tests.integration.commands import Ran

BETA = {
    "PEC_ACCOUNTS__BETA__SENDER": MAILBOX,
    "PEC_ACCOUNTS__BETA__USERNAME": "acme",
    "PEC_ACCOUNTS__BETA__PASSWORD": PASSWORD,
}
PEC_JOB: dict[str, Any] = {"recipient": "consegna@pec.example", "subject": "Avviso", "body": "<p>Salve</p>"}


def is_delivered(at: Site, message_id: str) -> bool:
    return at.state(message_id) == "delivered"


@dataclass(frozen=True)
class Two:
    """Two sites, each with a server and a sandbox of its own: acme is at nord, beta at sud."""

    nord: Site
    sud: Site
    urls: tuple[str, str]
    other: EmbeddedServer
    command: Command

    @property
    def setting(self) -> dict[str, dict[str, Any]]:
        nord, sud = self.urls
        return {
            "nord": {"redis_url": nord, "accounts": ["acme"]},
            "sud": {"redis_url": sud, "accounts": ["beta"]},
        }

    def pec(self, *arguments: str) -> Ran:
        return self.command(
            {"PEC_SITES": json.dumps(self.setting), "PEC_REDIS_URL": self.urls[0]}, *arguments
        )


@pytest.fixture
def two(redis: Redis, redis_url: str, tmp_path: Path, command: Command) -> Iterator[Two]:
    for name in ("nord", "sud"):
        (tmp_path / name).mkdir()
    with (
        EmbeddedServer() as other,
        connect(other.url) as client,
        site(redis, redis_url, tmp_path / "nord") as nord,
        site(client, other.url, tmp_path / "sud") as sud,
    ):
        yield Two(nord, sud, (redis_url, other.url), other, command)


def test_two_sites_send_each_its_own_and_one_command_shows_both(two: Two) -> None:
    with (
        two.nord.workers(processes=1),
        two.sud.workers(processes=1, **BETA),
        SiteProducers(two.setting) as producers,
    ):
        producers.send("one", "acme", **PEC_JOB)
        jobs = [
            {**PEC_JOB, "id": f"{name}-{number}", "account": name}
            for number in range(5)
            for name in ("acme", "beta")
        ]
        assert producers.send_many(jobs) == 10
        with pytest.raises(JobRejected, match=r"account: no site has this account \(known: acme, beta\)"):
            producers.send("x", "gamma", **PEC_JOB)
        eventually(lambda: len(two.nord.sent()) == 6 and len(two.sud.sent()) == 5)
        for number in range(5):
            eventually(partial(is_delivered, two.nord, f"acme-{number}"))
            eventually(partial(is_delivered, two.sud, f"beta-{number}"))
        eventually(partial(is_delivered, two.nord, "one"))
        assert [message.id for message in producers.of("beta").status("beta-0")] == ["beta-0"]
        assert two.nord.message("beta-0") == {}

        shown = json.loads(two.pec("status", "--sites", "--json").out)
        assert {name: one["messages"]["delivered"] for name, one in shown["sites"].items()} == {
            "nord": 6,
            "sud": 5,
        }
        assert (shown["messages"]["delivered"], shown["sent_today"], shown["waiting"]) == (11, 11, 0)
        # the test's sites have the same token
        assert shown["shared_tokens"] == [["nord", "sud"]]
        table = two.pec("status", "--sites")
        rows = [line.split("\t") for line in table.out.splitlines()]
        assert [(row[0], row[4], row[7]) for row in rows[1:]] == [
            ("nord", "6", "6"),
            ("sud", "5", "5"),
            ("all", "11", "11"),
        ]
        assert "nord, sud send with the same token" in table.err
        assert "nord, sud send with the same token" in two.pec("doctor").out


def test_a_site_out_of_reach_is_named_and_the_others_are_shown(two: Two) -> None:
    with two.nord.workers(processes=1, PEC_API__TOKEN="of-nord"), two.sud.workers(processes=1, **BETA):
        apart = two.pec("doctor").out
    two.other.stop()

    shown = two.pec("status", "--sites", "--json")
    assert shown.code == 4
    assert "pec: site sud: Redis at" in shown.err
    assert "PEC_SITES__SUD__REDIS_URL" in shown.err
    found = json.loads(shown.out)
    assert found["unreachable"] == ["sud"]
    assert found["sites"]["nord"]["messages"]["delivered"] == 0
    assert "same token" not in apart
