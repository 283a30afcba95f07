"""Calls of a gateway by tests, over its API and over bare connections, and the jobs that come of them."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

from redis import Redis

from tests.integration.producers.gateway.serving import DEADLINE_SECONDS, PASSWORD, SENDER, USERNAME, Served


def pec(**fields: Any) -> dict[str, Any]:
    """The body of POST /send, as the vendor's description has it."""
    return {
        "sender": SENDER,
        "recipient": "a@pec.example",
        "subject": "Diffida",
        "body": "<p>Salve</p>",
        "username": USERNAME,
        "password": PASSWORD,
        **fields,
    }


def jobs(redis: Redis) -> list[dict[str, Any]]:
    found: Any = redis.xrange("pec:jobs")
    return [json.loads(fields[b"job"]) for _, fields in found]


def connected(gateway: Served) -> socket.socket:
    address = urlsplit(gateway.url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=DEADLINE_SECONDS)


def head(gateway: Served, length: int, *more: str) -> bytes:
    lines = [
        "POST /send HTTP/1.1",
        "Host: gateway",
        f"Authorization: Bearer {gateway.token}",
        f"Content-Length: {length}",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def answer(connection: socket.socket) -> bytes:
    """Everything until the gateway closes the connection."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)
