"""The pulse of a process: a file that names the background threads that hang."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from redis import Redis

from archive.vault import Vault
from config.settings import Archive
from pec.store.heartbeat import REACHED
from pec.store.store import Store
from tests.wire import eventually
from workers.middleware import archive_watch, background, pulse
from workers.middleware.archive_watch import ArchiveState, ArchiveWatch
from workers.middleware.background import Background
from workers.middleware.pulse import Pulse

BROKER = StubBroker()
WORKER = Worker(BROKER)


@pytest.fixture
def beating(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of this process, renewed at once."""
    monkeypatch.setattr(pulse, "EVERY_SECONDS", 0.01)
    made = Pulse(tmp_path)
    made.before_worker_boot(BROKER, WORKER)
    yield tmp_path / f"{os.getpid()}.pulse"
    made.after_worker_shutdown(BROKER, WORKER)
    assert not list(tmp_path.iterdir())


def test_a_pulse_is_renewed_and_ends_with_the_process(beating: Path) -> None:
    first = beating.stat().st_mtime_ns

    eventually(lambda: beating.stat().st_mtime_ns > first)
    assert beating.read_text() == ""


def test_a_thread_that_hangs_in_a_step_is_named_until_it_goes_on(
    beating: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "STUCK_SECONDS", 0.05)
    go_on = threading.Event()

    def step() -> float:
        go_on.wait(30)
        return 60.0

    hanging = Background("intake", step)
    hanging.start()
    try:
        eventually(lambda: beating.read_text() == "intake")
        go_on.set()
        eventually(lambda: beating.read_text() == "")
    finally:
        go_on.set()
        hanging.stop()


def test_a_thread_that_waits_for_the_archive_is_not_named_but_its_worker_reports_the_archive(
    beating: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for module, name in ((background, "STUCK_SECONDS"), (archive_watch, "SILENT_SECONDS")):
        monkeypatch.setattr(module, name, 0.05)
    silent = tmp_path / "share"
    (silent / "workers").mkdir(parents=True)
    os.mkfifo(silent / "pec-archive")  # opening it waits, as a share does whose server has gone
    state = ArchiveState()
    state.said = REACHED
    vault = Vault.open(Archive(url=str(silent)))
    assert vault
    watch = ArchiveWatch(vault, Store(Redis(), "pec"), "w", state)
    go_on = threading.Event()

    def step() -> float:
        go_on.wait(30)
        return 60.0

    other = Background("intake", step)
    watch.before_worker_boot(BROKER, WORKER)
    try:
        eventually(lambda: "does not answer in time" in state.now(str(silent))[0])
        other.start()
        eventually(lambda: beating.read_text() == "intake")
        assert state.now(str(silent))[1] == {"cause": "too_slow", "place": str(silent)}
    finally:
        go_on.set()
        other.stop()
        (silent / "pec-archive").write_text("id", "utf-8")
        watch.after_worker_shutdown(BROKER, WORKER)
        shutil.rmtree(silent)
    assert state.now(str(silent)) == (REACHED, {})
