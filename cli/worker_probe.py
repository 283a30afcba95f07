"""Asks the worker of this machine, if it serves HTTP, so that a probe need not load Redis's library."""

import socket
from contextlib import suppress
from dataclasses import dataclass

from config.probe import INSTALLATION, NAMESPACE, REDIS_URL, WORKERS, installation, stated

_SECONDS = 5.0  # for all: then the command looks itself
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where it listens, not we


@dataclass(frozen=True, slots=True)
class Answer:
    """Live worker processes, and what is wrong, line by line."""

    workers: int
    problems: str


def ask_worker(path: str) -> Answer | None:
    """Return the answer of this installation's worker, or None if none answers: the command must look itself."""
    with suppress(OSError, ValueError, KeyError):
        if not (address := stated("metrics_address")):
            return None
        is_good, headers, text = _asked(address, path)
        ours = installation(stated("redis_url") or REDIS_URL, stated("namespace") or NAMESPACE)
        if headers[INSTALLATION.lower()] == ours:
            return Answer(int(headers[WORKERS.lower()]), "" if is_good else text.strip())
    return None


def _asked(address: str, path: str) -> tuple[bool, dict[str, str], str]:
    """Return whether the answer is good, its headers in small letters, and its text."""
    host, port = address.rpartition(":")[::2]
    bare = host.removeprefix("[").removesuffix("]")
    with socket.create_connection((_EVERYWHERE.get(bare, bare), int(port)), _SECONDS) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            head, _, text = answer.read(65536).decode("utf-8", "replace").partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    return " 200 " in status, headers, text
