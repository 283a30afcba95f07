"""The one thread that watches all deadlines."""

import socket

import pytest

from pec.api.deadline import Deadline
from tests.wire import eventually


def test_a_deadline_that_fails_ends_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    broken, good = Deadline(), Deadline()

    def fail() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(broken, "expire", fail)
    with ours, theirs, good:
        broken.start(0.01)
        good.start(0.02)
        good.watch(ours)
        eventually(lambda: good.passed)
