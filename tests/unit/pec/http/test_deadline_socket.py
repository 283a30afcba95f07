"""A socket whose every wait ends at one deadline."""

import socket
import threading
import time
from typing import Any

import pytest

from pec.http.deadline_socket import DeadlineSocket


def test_what_is_there_already_does_not_outlast_the_deadline() -> None:
    """A peer that never pauses would hold us for ever."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"ready")
        connection = DeadlineSocket(ours)
        connection.within(time.monotonic() - 1)

        with pytest.raises(TimeoutError):
            connection.receive(1)
        with pytest.raises(TimeoutError):
            connection.send(b"x")


class Counting(socket.socket):
    """A socket that counts how often it was read."""

    tries = 0

    def recv(self, *given: Any) -> bytes:
        self.tries += 1
        return super().recv(*given)


def test_an_answer_is_waited_for_and_then_read_once() -> None:
    """Each read in vain costs a call of the kernel."""
    first, theirs = socket.socketpair()
    with theirs, Counting(fileno=first.detach()) as ours:
        connection = DeadlineSocket(ours)
        connection.within(time.monotonic() + 30)
        threading.Timer(0.1, theirs.sendall, (b"an answer",)).start()

        assert connection.receive(100) == b"an answer"
        assert ours.tries == 1
