"""Redis comes back empty under living workers: what it held is gone, and what comes from then on goes its way."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import rmtree

import pytest
from redis import Redis, RedisError

from config.redis_connection import connect
from sandbox.redis_server import EmbeddedServer
from tests.acceptance.site import Site, eventually, site
from tests.receiver import Receiver


class Emptied:
    """A server of the test's own, and the ways in which it can lose what it held."""

    def __init__(self, server: EmbeddedServer, client: Redis, folder: Path) -> None:
        self.server, self.client, self._folder = server, client, folder

    def flush(self) -> None:
        self.client.flushall()

    def replace(self) -> None:
        """Its files are lost with it."""
        self.server.kill()
        rmtree(self._folder)
        self.server.start()
        eventually(self._answers)

    def flush_broker(self) -> None:
        """Dramatiq's database alone, which holds nothing but hints."""
        with connect(self.server.url.replace("db=0", "db=1").removesuffix("/0")) as broker:
            broker.flushdb()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except RedisError:
            return False


@contextmanager
def running(folder: Path) -> Iterator[tuple[Emptied, Site, Receiver]]:
    """A server, a sandbox and a receiver of webhooks."""
    data = folder / "redis"
    with (
        EmbeddedServer(data) as server,
        connect(server.url) as client,
        site(client, server.url, folder) as at,
        Receiver() as receiver,
    ):
        yield Emptied(server, client, data), at, receiver


def endpoints(receiver: Receiver) -> dict[str, str]:
    known = receiver.endpoint("crm")
    one = {"name": known.name, "url": known.url, "secret": known.secret.get_secret_value()}
    return {"PEC_WEBHOOKS__ENDPOINTS": json.dumps([one]), "PEC_WEBHOOKS__ALLOW_PRIVATE": "true"}


def reported_types(receiver: Receiver, message_id: str) -> set[str]:
    return {
        received.body["type"]
        for received in receiver.received
        if received.body["data"].get("id") == message_id
    }


WHOLE = {"message.queued", "message.sent", "message.delivered"}


def delivered_and_reported(at: Site, receiver: Receiver, message_id: str) -> bool:
    return at.state(message_id) == "delivered" and reported_types(receiver, message_id) >= WHOLE


def add(at: Site, message_id: str) -> None:
    at.add(id=message_id, recipient=f"consegna+{message_id}@pec.example", subject=f"Avviso {message_id}")


@pytest.mark.parametrize("lose", [Emptied.flush, Emptied.replace, Emptied.flush_broker])
def test_new_jobs_are_delivered_and_reported_after_redis_came_back_empty(
    tmp_path: Path, lose: Callable[[Emptied], None]
) -> None:
    with running(tmp_path) as (redis, at, receiver), at.workers(processes=2, **endpoints(receiver)):
        add(at, "before")
        eventually(lambda: reported_types(receiver, "before") >= WHOLE)

        lose(redis)
        for number in range(3):
            add(at, f"after-{number}")

        for one in ("after-0", "after-1", "after-2"):
            eventually(partial(delivered_and_reported, at, receiver, one), 60)
        eventually(lambda: redis.client.exists("pec:due:sweep", "pec:due:quota") == 2)
        assert not redis.client.xlen("pec:rejected")
        assert len(at.sent()) == 4


def test_what_was_under_way_when_redis_came_back_empty_is_not_sent_twice(tmp_path: Path) -> None:
    with running(tmp_path) as (redis, at, receiver), at.workers(processes=2, **endpoints(receiver)):
        for number in range(60):
            add(at, f"before-{number}")
        eventually(lambda: len(at.sent()) >= 10)

        redis.flush()
        add(at, "after")
        eventually(lambda: at.state("after") == "delivered", 60)

        subjects = [one["subject"] for one in at.sent()]
        assert len(subjects) == len(set(subjects))
        assert "Traceback" not in at.log.read_text()


def test_no_job_is_rejected_for_an_account_that_another_worker_has(tmp_path: Path) -> None:
    """Each worker takes jobs of all: they wait until all have registered."""
    beta = {"SENDER": "beta@pec.example", "USERNAME": "beta", "PASSWORD": "hunter3"}
    more = {f"PEC_ACCOUNTS__BETA__{name}": value for name, value in beta.items()}
    with running(tmp_path) as (redis, at, _), at.workers(processes=1), at.workers(processes=1, **more):
        eventually(lambda: redis.client.zcard("pec:seen:account") == 2)

        redis.flush()
        for number in range(20):
            at.add(id=f"beta-{number}", account="beta", recipient="consegna@pec.example", subject="Avviso")

        eventually(lambda: all(at.state(f"beta-{number}") for number in range(20)), 60)
        assert not redis.client.xlen("pec:rejected")
        eventually(lambda: redis.client.hexists("pec:installation", "lost_at"))
