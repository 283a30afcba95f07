"""A store, a producer, the command line in this process, and the workers' intake, which a test runs when it wants."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from redis import Redis
from structlog.testing import capture_logs

from cli import run
from config.settings import Settings
from pec.api.client import PecClient
from pec.changes import Change
from pec.messages import Message
from pec.store import accounts, commits, heartbeat, records
from pec.store.store import Store
from producers import Producer
from tests.dovecot import Dovecot, require_dovecot
from tests.integration.commands import Pec, Ran
from tests.integration.producing import Settle, TakeJobs
from tests.integration.sandbox.serving import AT_ONCE, Served, serving_imap
from workers.context import WorkerContext
from workers.intake.consumer import Consumer

ACCOUNT = {"sender": "me@pec.example", "username": "me", "password": "secret"}


@pytest.fixture(scope="module")
def imap_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The sandbox with its IMAP door, whose receipts come at once."""
    with serving_imap(tmp_path_factory.mktemp("sandbox"), *AT_ONCE) as served:
        yield served


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """The session's Dovecot, in which every user name is a mailbox of its own."""
    require_dovecot()
    with Dovecot() as server:
        yield server


@pytest.fixture
def producer(redis: Redis, redis_url: str) -> Iterator[Producer]:
    with Producer(redis_url) as producer:
        yield producer


@pytest.fixture
def store(redis: Redis) -> Store:
    """The store of an empty Redis."""
    return Store(redis, "pec")


@pytest.fixture
def take_jobs(store: Store, redis_url: str) -> Iterator[TakeJobs]:
    """Does what a worker's intake does, until no job is left. The account `acme` is served."""
    settings = Settings.model_validate(
        {"redis_url": redis_url, "api": {"token": "token"}, "accounts": {"acme": ACCOUNT}}
    )
    heartbeat.beat(store, {"account": ["acme"]}, 60)
    accounts.register(store, "acme", "token-digest")
    with closing(PecClient(settings.api)) as client, capture_logs():  # whose stdout is the command's
        intake = Consumer(WorkerContext(settings, store, client), "test")

        def take() -> None:
            while store.client.xlen(store.keys.jobs):
                intake.step()

        yield take


@pytest.fixture
def change(store: Store) -> Settle:
    """Commits what a pure function of the record makes of it: `change("inv-1", lambda message: …)`."""

    def commit(message_id: str, choose: Callable[[Message], Change]) -> Message:
        changed = commits.update(store, lambda: records.read(store, message_id), choose)
        assert changed is not None
        return changed

    return commit


@pytest.fixture
def pec(
    producer: Producer, redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Pec:
    monkeypatch.setenv("PEC_REDIS_URL", redis_url)

    def ran(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return ran
