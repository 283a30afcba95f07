"""The name server, asked as a resolver asks."""

import socket
import struct

from tests.hosts.names import A, NameServer

AAAA = 28


def question(name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(one)]) + one.encode() for one in name.split("."))
    return struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def answer(asked: bytes) -> bytes:
    server = NameServer.__new__(NameServer)
    server.names = {"api.hosts.test": "10.77.1.9"}
    return server.answer(asked)


def test_a_known_name_has_its_address() -> None:
    found = answer(question("API.hosts.test", A))

    assert found[:2] == b"\0\x07"
    assert found[3] & 0x0F == 0
    assert socket.inet_ntoa(found[-4:]) == "10.77.1.9"


def test_it_has_no_other_record_and_no_other_name_is_known() -> None:
    known, unknown = answer(question("api.hosts.test", AAAA)), answer(question("other.test", A))

    assert (known[3] & 0x0F, known[6:8]) == (0, b"\0\0")
    assert unknown[3] & 0x0F == 3
