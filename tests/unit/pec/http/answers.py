"""An answer as we read it, from a peer that says these bytes and hangs up."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pec.http.answer import FinalAnswer
from pec.http.deadline_socket import DeadlineSocket

PATIENCE_SECONDS = 30


@contextmanager
def answer(data: bytes) -> Iterator[FinalAnswer]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        connection = DeadlineSocket(ours)
        connection.within(time.monotonic() + PATIENCE_SECONDS)
        yield FinalAnswer(connection)
