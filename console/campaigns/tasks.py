"""Work on campaigns beside the pages: in threads of the console, each task by one process, taken up after a crash."""

import fcntl
import pickle
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog
from redis import RedisError

from archive.atomic_files import atomic_write
from config.redis_connection import RedisUnreachable
from config.texts import _
from console.campaigns.draft import Draft, Phase
from console.campaigns.shelf import Desk, NoCampaign, Shelf

_log = structlog.get_logger("console")
_THREADS = 2
SWEEP_SECONDS = 10.0
_FORMAT = 1  # of statuses: raised whenever a class of an outcome changes, as pickle does not notice
_WRITE_EVERY_SECONDS = 0.3
_SHORT_SECONDS = 0.5  # a task that takes no longer is shown as done at once, and the page need not ask again
_AWAY = _("Redis gives no answer: this goes on once it does")
_UNEXPECTED = _("an unforeseen error: the console's log has it, ask an administrator, then try again")


class Task(StrEnum):
    """Work that is done beside the pages."""

    LIST = "list"  # read the list
    CHECK = "check"  # validate every row with the letter
    SEND = "send"  # enqueue the jobs
    PROOF = "proof"
    REPORT = "report"


class Failed(Exception):
    """The task can't be done. The text names the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class Status:
    """How far a task is, for a revision of the draft. `problem` says why it failed; `outcome` is its result."""

    revision: int
    done: bool = False
    share: float = 0.0
    problem: str = ""
    outcome: Any = None


Report = Callable[[float], object]
Work = Callable[[Desk, Draft, Report], Any]


class Runner:
    """Runs tasks. What was begun and has no process any more is begun again. Sends only if the console `acts`."""

    def __init__(self, shelf: Shelf, works: Mapping[Task, Work], keep: timedelta, *, acts: bool) -> None:
        self.shelf = shelf
        self._acts = acts
        self._works = works
        self._keep = keep
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="campaign")
        self._queued: set[tuple[str, Task]] = set()
        self._guard = threading.Lock()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Take up campaigns that a crash interrupted, now and whenever another console has died."""
        threading.Thread(target=self._sweep, name="campaigns", daemon=True).start()

    def stop(self) -> None:
        """Begin nothing more. What runs is taken up by the next console."""
        with self._guard:
            self._stopped.set()
            self._pool.shutdown(wait=False, cancel_futures=True)

    def status(self, desk: Desk, task: Task, revision: int) -> Status:
        """Return how far the task is for this revision, and begin it if nothing was done. A short one is done then."""
        found = read_status(desk, task)
        if found is None or found.revision != revision:
            self._submit(desk, task, wait_seconds=_SHORT_SECONDS)
            found = read_status(desk, task)
        elif not found.done:
            self._submit(desk, task)
        return found if found and found.revision == revision else Status(revision)

    def begin(self, desk: Desk, task: Task) -> None:
        """Do the task anew, whatever it brought before. A short one is done then."""
        write_status(desk, task, Status(0))
        self._submit(desk, task, wait_seconds=_SHORT_SECONDS)

    def asked(self, desk: Desk, task: Task) -> Status | None:
        """Return how far a task is that was begun once, or None if it was not."""
        found = read_status(desk, task)
        if found is not None and not found.done:
            self._submit(desk, task)
        return found

    def _submit(self, desk: Desk, task: Task, wait_seconds: float = 0) -> None:
        if task is Task.SEND and not self._acts:
            return
        with self._guard:
            if (desk.id, task) in self._queued or self._stopped.is_set():
                return
            self._queued.add((desk.id, task))
            running = self._pool.submit(self._run, desk, task)
        if wait_seconds:
            wait([running], wait_seconds)

    def _run(self, desk: Desk, task: Task) -> None:
        try:
            with _alone(desk, task) as alone:
                if alone:
                    self._work(desk, task)
        except (NoCampaign, FileNotFoundError):  # it was deleted meanwhile
            _log.info("campaign_task_dropped", campaign=desk.id, task=str(task))
        except OSError as error:
            _log.error("campaign_task_failed", campaign=desk.id, task=str(task), error=str(error))
        finally:
            with self._guard:
                self._queued.discard((desk.id, task))

    def _work(self, desk: Desk, task: Task) -> None:
        draft = desk.read()
        revision = revision_for(draft, task)
        found = read_status(desk, task)
        if found and found.done and found.revision == revision:
            return
        if task is Task.SEND and draft.phase is not Phase.STARTED:  # it was given back meanwhile
            return
        write_status(desk, task, Status(revision))
        try:
            outcome = self._works[task](desk, draft, _reporter(desk, task, revision))
        except (RedisError, RedisUnreachable):  # it is tried again by and by
            write_status(desk, task, Status(revision, problem=_AWAY))
        except Failed as failed:
            write_status(desk, task, Status(revision, done=True, problem=str(failed)))
        except (NoCampaign, FileNotFoundError):
            raise
        except Exception:
            _log.exception("campaign_task_failed", campaign=desk.id, task=str(task))
            write_status(desk, task, Status(revision, done=True, problem=_UNEXPECTED))
        else:
            write_status(desk, task, Status(revision, done=True, share=1.0, outcome=outcome))

    def _sweep(self) -> None:
        while True:
            with suppress(OSError):
                self.shelf.remove_old(self._keep)
                for draft in self.shelf.all():
                    if draft.phase is Phase.STARTED:
                        self._take_up(draft)
            if self._stopped.wait(SWEEP_SECONDS):
                return

    def _take_up(self, draft: Draft) -> None:
        with suppress(NoCampaign):
            desk = self.shelf.desk(draft.id)
            found = read_status(desk, Task.SEND)
            if found is None or not found.done:
                self._submit(desk, Task.SEND)


def revision_for(draft: Draft, task: Task) -> int:
    """Return the revision of the draft that the task's result belongs to."""
    if task is Task.LIST:
        return draft.list_revision
    return draft.revision if task is Task.CHECK else 0


def read_status(desk: Desk, task: Task) -> Status | None:
    """Return what was last written about a task; None if nothing was, or if another version wrote it."""
    try:
        version, found = pickle.loads(_file(desk, task).read_bytes())  # noqa: S301 - our own file: JSON would lose translations
    except Exception:
        return None
    return found if version == _FORMAT and isinstance(found, Status) else None


def write_status(desk: Desk, task: Task, status: Status) -> None:
    """Write how far a task is."""
    with atomic_write(_file(desk, task)) as file:
        pickle.dump((_FORMAT, status), file)


def _file(desk: Desk, task: Task) -> Path:
    return desk.tasks / f"{task}.status"


def _reporter(desk: Desk, task: Task, revision: int) -> Report:
    written_at = [0.0]

    def report(share: float) -> None:
        if time.monotonic() - written_at[0] > _WRITE_EVERY_SECONDS:
            written_at[0] = time.monotonic()
            write_status(desk, task, Status(revision, share=share))

    return report


@contextmanager
def _alone(desk: Desk, task: Task) -> Iterator[bool]:
    """Yield whether no other process or thread does this task."""
    with (desk.tasks / f"{task}.lock").open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
