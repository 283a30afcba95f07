"""The network of a worker under chaos: its clock, its names, connections refused, and bytes that leave."""

import os
import socket
import time
from typing import Any

from tests.chaos.worker.journal import hit, is_on, mine, note

SKEW_SECONDS = float(os.environ.get("CHAOS_SKEW_SECONDS", "0"))
API_PORT = int(os.environ["CHAOS_API_PORT"])
INSIDE = "inside.chaos.test"  # a name that resolves to an address of our own network
PUBLIC = "127.0.0.1"  # where receivers listen; taken for public, so that all other loopback is not


def wrap() -> None:
    _skew_the_wall_clock()
    _misdirect_names()
    _watch_connections_be_refused()
    _take_loopback_for_public()
    _watch_bytes_leave()


def _skew_the_wall_clock() -> None:
    true_time = time.time
    time.time = lambda: true_time() + SKEW_SECONDS


def _misdirect_names() -> None:
    resolve = socket.getaddrinfo

    def resolved(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if port == API_PORT and is_on("dns"):
            note(met="api-dns")
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve("127.0.0.9" if host == INSIDE else host, port, *args, **options)

    socket.getaddrinfo = resolved


def _watch_connections_be_refused() -> None:
    from pec.http import connection

    connect = connection.open_tcp

    def connected(family: int, address: tuple[Any, ...], within_seconds: float) -> socket.socket:
        try:
            return connect(family, address, within_seconds)
        except ConnectionRefusedError:
            if address[1] == API_PORT:
                note(met="api-refused")
            raise

    connection.open_tcp = connected


def _take_loopback_for_public() -> None:
    from pec.http import address_guard

    really = address_guard.is_public
    address_guard.is_public = lambda address: address == PUBLIC or really(address)


def _watch_bytes_leave() -> None:
    from pec.http import deadline_socket

    deadline_socket.JOINED_BYTES = (
        0  # the head leaves before the body, so that a worker can die between the two
    )
    write = deadline_socket.DeadlineSocket.write

    def written(self: deadline_socket.DeadlineSocket, piece: memoryview) -> int:
        count = write(self, piece)
        if pieces := getattr(mine, "pieces", 0):
            mine.pieces = pieces + 1
            hit("first-byte" if pieces == 1 else "body-sent")
        return count

    deadline_socket.DeadlineSocket.write = written  # type: ignore[method-assign]
