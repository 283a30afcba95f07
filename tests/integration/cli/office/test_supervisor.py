"""The supervisor of an office with small processes: when they start again, how they stop, their output."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.errors import Failure
from cli.office import part_log
from cli.office.part import Part, Recipe
from cli.office.part_log import PartLog
from cli.office.signals import Signals
from cli.office.supervisor import Supervisor

Make = Callable[..., Part]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes a part of a line of shell, which is ready once it has printed an address."""
    with (tmp_path / "lock").open("w") as lock:

        def made(name: str, shell: str, stop_seconds: float = 30) -> Part:
            recipe = Recipe(
                name, ["sh", "-c", shell], dict(os.environ), stop_seconds, lambda part: bool(part.log.url)
            )
            return Part(recipe, tmp_path, PartLog(tmp_path / f"{name}.log"), lock.fileno())

        yield made


def test_a_part_that_keeps_ending_starts_again_ever_later_and_says_so(
    make: Make, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = make("first", "echo http://; sleep 60")
    ending = make("ending", "echo start >> starts; exit 3")
    with Signals() as signals:
        supervisor = Supervisor([first, ending], signals)
        supervisor.bring_up([first])
        stop_after(tmp_path / "starts", 3, signals)
        supervisor.bring_up([ending])
        supervisor.stop()
    said = re.findall(r"ending ended \(exit code 3\) and starts again in (\d+) s", capfd.readouterr().err)
    assert said[:2] == ["1", "2"]


def stop_after(file: Path, lines: int, signals: Signals) -> None:
    """Have the order to stop come once the file has so many lines."""
    real = signals.wait

    def wait(seconds: float | None) -> None:
        real(seconds)
        signals.stopping = file.exists() and len(file.read_text("utf-8").splitlines()) >= lines

    signals.wait = wait  # type: ignore[method-assign]  # looks beside what it does


def test_parts_stop_in_the_opposite_order_and_one_that_does_not_is_killed(make: Make, tmp_path: Path) -> None:
    shell = "trap 'echo {0} >> ends; exit 0' TERM; echo http://{0}; while :; do sleep 0.1; done"
    parts = [make(name, shell.format(name)) for name in ("server", "workers")]
    deaf = make("deaf", "trap '' TERM; echo http://; while :; do sleep 0.1; done", stop_seconds=0.2)
    with Signals() as signals:
        supervisor = Supervisor([*parts, deaf], signals)
        supervisor.bring_up([*parts, deaf])
        supervisor.stop()
    assert (tmp_path / "ends").read_text("utf-8").split() == ["workers", "server"]
    assert [part.exit_code for part in (*parts, deaf)] == [0, 0, -signal.SIGKILL]


def test_a_server_that_can_t_start_is_said_with_its_last_words(make: Make) -> None:
    server = make("redis", "echo Bad file format; exit 1")
    with Signals() as signals:
        supervisor = Supervisor([server], signals)
        with pytest.raises(Failure, match="redis did not start") as failed:
            supervisor.bring_up([server])
        supervisor.stop()
    assert failed.value.exit_code == 1


def test_a_part_holds_the_lock_of_the_folder(make: Make, tmp_path: Path) -> None:
    part = make("part", "ls -l /proc/$$/fd > held; echo http://; sleep 60")
    with Signals() as signals:
        supervisor = Supervisor([part], signals)
        supervisor.bring_up([part])
        supervisor.stop()
    assert f"-> {tmp_path / 'lock'}\n" in (tmp_path / "held").read_text("utf-8")


def test_the_order_to_stop_ends_the_watch(make: Make) -> None:
    part = make("part", f"echo http://; kill -TERM {os.getpid()}; sleep 60")
    with Signals() as signals:
        supervisor = Supervisor([part], signals)
        supervisor.bring_up([part])
        supervisor.watch()
        supervisor.stop()
    assert part.exit_code == -signal.SIGTERM


def test_the_output_of_a_part_never_fills_the_disk(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_log, "MAX_BYTES", 1000)
    part = make("part", "yes 'a line of a log' | head -n 1000; echo http://the.end; sleep 60")
    with Signals() as signals:
        supervisor = Supervisor([part], signals)
        supervisor.bring_up([part])
        supervisor.stop()
    files = list(part.log.path.parent.glob("part.log*"))
    assert len(files) == 1 + part_log.FILES
    assert all(file.stat().st_size <= 1000 for file in files)
