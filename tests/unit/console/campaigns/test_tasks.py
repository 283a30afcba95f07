"""Work on campaigns beside the pages."""

import pickle
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from console.campaigns.draft import Phase
from console.campaigns.shelf import Desk, Shelf
from console.campaigns.tasks import Runner, Status, Task, read_status

PATIENCE_SECONDS = 30


@pytest.fixture
def started(tmp_path: Path) -> Desk:
    """The files of a campaign that has started."""
    desk, draft = Shelf(tmp_path).make("anna", "avvisi.csv", "avvisi")
    desk.write(draft.model_copy(update={"phase": Phase.STARTED}))
    return desk


@pytest.mark.parametrize(
    "kept", [Status(0, done=True), (0, Status(0, done=True)), (99, Status(0, done=True))]
)
def test_a_status_that_another_version_wrote_is_none(started: Desk, kept: object) -> None:
    (started.tasks / "send.status").write_bytes(pickle.dumps(kept))

    assert read_status(started, Task.SEND) is None


@pytest.mark.parametrize("acts", [True, False])
def test_a_console_that_only_shows_sends_nothing(started: Desk, *, acts: bool) -> None:
    sent = threading.Event()
    works = {Task.SEND: lambda desk, draft, report: sent.set()}
    runner = Runner(Shelf(started.folder.parent), works, timedelta(days=1), acts=acts)

    runner.status(started, Task.SEND, 0)

    assert sent.wait(PATIENCE_SECONDS if acts else 0.2) == acts
    runner.stop()


def test_a_long_task_is_not_waited_for(started: Desk) -> None:
    ends = threading.Event()
    works = {Task.SEND: lambda desk, draft, report: ends.wait(PATIENCE_SECONDS)}
    runner = Runner(Shelf(started.folder.parent), works, timedelta(days=1), acts=True)

    assert not runner.status(started, Task.SEND, 0).done

    ends.set()
    runner.stop()
