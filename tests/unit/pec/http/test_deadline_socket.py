"""A socket whose every wait ends at one deadline."""

import socket
import time

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
