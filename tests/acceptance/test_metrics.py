"""Metrics as Prometheus meets them: real workers, one port for all their processes, and nothing left behind."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from config.redis_connection import connect
from sandbox.redis_server import EmbeddedServer
from tests.acceptance.site import PASSWORD, TOKEN, Site, eventually, site
from tests.wire import free_port

SECRET = "whsec_" + "c2VjcmV0" * 4
ENDPOINT = {"name": "crm", "url": "http://127.0.0.1:9/hook", "secret": SECRET}  # a closed port


@pytest.fixture
def at(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    with site(redis, redis_url, tmp_path) as found:
        yield found


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Return the workers' environment: metrics on a free port, a temporary folder of their own, a dead endpoint."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    return {
        "PEC_METRICS_ADDRESS": f"127.0.0.1:{free_port()}",
        "PEC_WEBHOOKS__ENDPOINTS": json.dumps([ENDPOINT]),
        "PEC_WEBHOOKS__ALLOW_PRIVATE": "true",
        "TMPDIR": str(temporary),
    }


class Scraped:
    """The figures of one scrape, by name and labels."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        return self._samples.get((name, tuple(sorted(labels.items()))), -1.0)


def scrape(settings: dict[str, str], path: str = "/metrics") -> Scraped | None:
    """Return the page, or None while the port is closed."""
    with suppress(requests.ConnectionError):
        answer = requests.get(f"http://{settings['PEC_METRICS_ADDRESS']}{path}", timeout=30)
        return Scraped(answer.text) if answer.ok else None
    return None


def scraped(settings: dict[str, str]) -> Scraped:
    found: Scraped = eventually(lambda: scrape(settings))
    return found


def test_figures_agree_with_the_ledger_and_stopping_leaves_nothing(
    at: Site, settings: dict[str, str], tmp_path: Path
) -> None:
    with at.drained_workers(processes=2, **settings) as process:
        for number in range(12):
            at.add(id=f"m{number}", recipient=f"consegna+{number}@pec.example", subject="Avviso")
        at.add(id="msg-lost", recipient="errore-500@pec.example", subject="Avviso")
        eventually(lambda: all(at.state(f"m{number}") == "delivered" for number in range(12)))
        eventually(lambda: at.state("msg-lost") in ("uncertain", "held"))
        found = eventually(lambda: delivering(scraped(settings)))
        assert requests.get(f"http://{settings['PEC_METRICS_ADDRESS']}/", timeout=30).status_code == 404
    assert_what_was_done(found, len(at.sent()))
    assert_what_redis_holds(found)
    for secret in (PASSWORD, TOKEN, SECRET, "pec.example", "m0", "msg-lost"):
        assert secret not in found.text

    assert process.returncode == 0
    assert not list((tmp_path / "temporary").iterdir())
    eventually(lambda: not lives(process.pid), seconds=5)


def delivering(found: Scraped) -> Scraped | None:
    return found if found("pec_webhooks_total", endpoint="crm", outcome="failed") > 0 else None


def assert_what_was_done(found: Scraped, sent: int) -> None:
    assert found("pec_sends_total", outcome="sent") == sent == 12
    assert found("pec_sends_total", outcome="uncertain") == 1
    assert found("pec_sends_total", outcome="denied") == 0
    too_fast = found("pec_sends_total", outcome="rate_limited")  # this machine may be too busy for the pace
    assert found("pec_api_seconds_count", operation="POST /send") == 13 + too_fast
    assert found("pec_api_errors_total", operation="POST /send", kind="unknown") == 1
    assert found("pec_lateness_seconds_count", queue="send") >= 13
    assert found("pec_tasks_total", queue="send", outcome="done") >= 13
    assert found("pec_tasks_total", queue="send", outcome="failed") == 0


def assert_what_redis_holds(found: Scraped) -> None:
    assert found("pec_redis_up") == 1
    assert found("pec_messages", state="delivered") == 12
    assert found("pec_messages", state="uncertain") + found("pec_messages", state="held") == 1
    assert found("pec_jobs_waiting") == found("pec_lane_messages", account="acme") == 0
    assert (found("pec_workers"), found("pec_threads")) == (2, 16)
    assert found("pec_endpoint_failures", endpoint="crm") >= 1


def test_a_port_in_use_is_reported_and_stops_no_send_and_is_taken_when_it_is_free(
    at: Site, settings: dict[str, str]
) -> None:
    port = int(settings["PEC_METRICS_ADDRESS"].rpartition(":")[2])
    with closing(socket.create_server(("127.0.0.1", port))) as taken, at.workers(processes=1, **settings):
        at.add(id="m", recipient="consegna@pec.example", subject="Avviso")
        eventually(lambda: at.state("m") == "delivered")
        [entry] = eventually(lambda: logged(at, "metrics_not_served"))
        assert "free the port, or set PEC_METRICS_ADDRESS" in entry["remedy"]
        taken.close()
        assert scraped(settings)("pec_sends_total", outcome="sent") == 1


def test_a_master_that_is_killed_leaves_the_port_free(at: Site, settings: dict[str, str]) -> None:
    with at.workers(processes=1, **settings) as process:
        scraped(settings)
        process.kill()
        process.wait(10)
        try:
            eventually(lambda: scrape(settings) is None, seconds=5)
        finally:
            at.kill(process)  # its worker processes, which Dramatiq leaves


def test_the_death_of_the_server_ends_the_worker_in_order_so_that_it_is_started_again(
    at: Site, settings: dict[str, str]
) -> None:
    with at.workers(processes=1, **settings) as process:
        scraped(settings)
        os.kill(server_of(process.pid), signal.SIGKILL)
        assert process.wait(60) == 0
        [entry] = logged(at, "metrics_server_died")
        assert "its supervisor starts it again" in entry["remedy"]
        assert logged(at, "metrics_served")


def server_of(master: int) -> int:
    """Return the process of the metrics, which Dramatiq starts last."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text("utf-8").split()
    return int(children[-1])


def test_a_folder_that_is_given_is_used_and_kept(at: Site, settings: dict[str, str], tmp_path: Path) -> None:
    given = tmp_path / "given"
    with at.workers(processes=1, **settings, PROMETHEUS_MULTIPROC_DIR=str(given)):
        scraped(settings)
    assert list(given.glob("counter_*.db"))


def logged(at: Site, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in at.log.read_text("utf-8").splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def lives(group: int) -> bool:
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


def test_probes_part_a_worker_that_lives_from_one_that_can_work(
    settings: dict[str, str], tmp_path: Path
) -> None:
    def code(path: str) -> int:
        with suppress(requests.ConnectionError):
            return requests.get(f"http://{settings['PEC_METRICS_ADDRESS']}{path}", timeout=30).status_code
        return 0

    with (
        EmbeddedServer() as server,
        connect(server.url) as client,
        site(client, server.url, tmp_path) as at,
        at.workers(processes=2, **settings),
    ):
        eventually(lambda: code("/readyz") == 200)
        assert (code("/healthz"), code("/installation")) == (200, 200)
        server.kill()
        assert (code("/healthz"), code("/readyz"), code("/installation")) == (200, 503, 503)
        server.start()
        eventually(lambda: code("/readyz") == 200)
