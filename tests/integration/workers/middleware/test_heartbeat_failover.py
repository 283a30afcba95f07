"""A failover that lost writes is noted with its instant; one by the recipe loses none, and nothing is noted."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from structlog.testing import capture_logs

from config.redis_connection import connect
from config.settings import Settings
from pec.api.client import PecClient
from pec.instants import to_text
from pec.operations.status.load_overview import load_overview
from pec.operations.status.overview_warnings import warnings
from pec.store import heartbeat
from pec.store.store import Store
from tests.sentinels import Node, Sentinels, sentinels
from tests.wire import eventually
from workers.context import WorkerContext
from workers.middleware.heartbeat import Heartbeat


@pytest.fixture
def ha(tmp_path: Path) -> Iterator[Sentinels]:
    with sentinels(tmp_path) as found:
        yield found


def fail_over(ha: Sentinels, ctx: WorkerContext) -> None:
    """A planned failover, while a worker beats at the former primary until that is demoted."""
    beating = Heartbeat(ctx, "w1")
    for _ in range(2):
        beating._step()
    former = ha.primary()
    ha.fail_over()
    eventually(lambda: beating._step() and ha.primary() is not former)
    eventually(lambda: _is_replica(former))
    beating._step()
    beating._step()


def _is_replica(node: Node) -> bool:
    try:
        return str(node.ask("ROLE")[0]) == "slave"
    except redis.RedisError:  # it closes its connections when it becomes one
        return False


def failed_over(ha: Sentinels, replicas: int) -> tuple[Store, Settings, list[str]]:
    """Return the store at the next primary, and what was logged."""
    settings = Settings.model_validate({"redis_url": ha.url, "redis_replicas": replicas})
    store = Store(connect(ha.url), "pec", replicas)
    with closing(PecClient(settings.api)) as client, capture_logs() as logs:
        fail_over(ha, WorkerContext(settings, store, client))
    return store, settings, [str(line["event"]) for line in logs]


def test_without_waiting_for_replicas_a_planned_failover_is_reported_until_workers_reconcile(
    ha: Sentinels,
) -> None:
    store, settings, logged = failed_over(ha, 0)
    with closing(store.client):
        found = load_overview(store, settings)
        assert found.failover
        assert "redis_failover_lost" in logged
        since = found.failover[0]
        assert any(f"--reconcile {to_text(since)}" in line for line in warnings(found))

        heartbeat.end_failover(store, since)
        assert load_overview(store, settings).failover is None


def test_by_the_recipe_nothing_is_lost_and_nothing_is_reported(ha: Sentinels) -> None:
    store, settings, logged = failed_over(ha, 1)
    with closing(store.client):
        assert load_overview(store, settings).failover is None
    assert "redis_failover_lost" not in logged
