"""The rhythm of a thread beside the actors."""

import itertools
import threading
import time

from tests.wire import eventually
from workers.middleware.background import Background


def test_however_often_it_is_woken_steps_keep_their_distance() -> None:
    steps: list[float] = []
    woken = threading.Event()

    def step() -> float:
        steps.append(time.monotonic())
        woken.set()
        return 60.0

    thread = Background("busy", step, min_seconds=0.05, woken=woken)
    thread.start()
    eventually(lambda: len(steps) > 3)
    thread.stop()

    assert all(later - earlier >= 0.05 for earlier, later in itertools.pairwise(steps))


def test_a_wake_during_a_step_is_not_lost() -> None:
    steps: list[float] = []
    in_step, go_on, woken = threading.Event(), threading.Event(), threading.Event()

    def step() -> float:
        steps.append(time.monotonic())
        in_step.set()
        go_on.wait(10)
        return 60.0

    thread = Background("resting", step, woken=woken)
    thread.start()
    in_step.wait(10)
    woken.set()
    go_on.set()

    eventually(lambda: len(steps) == 2)
    thread.stop()
