"""A name server that knows a few hosts, and can stop answering."""

import socket
import struct
from contextlib import suppress
from threading import Thread

A, NO_SUCH_NAME = 1, 3
HEADER_BYTES, PORT = 12, 53


class NameServer:
    """Answers in a thread of its own. `stopped`: it takes questions and says nothing."""

    def __init__(self, address: str) -> None:
        self.names: dict[str, str] = {}
        self.stopped = False
        self._door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._door.bind((address, PORT))
        self._thread = Thread(target=self._serve, name="names", daemon=True)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):  # it says that it is not connected, and wakes the thread all the same
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _serve(self) -> None:
        with suppress(OSError):  # the door is closed
            while True:
                question, sender = self._door.recvfrom(4096)
                if question and not self.stopped:
                    self._door.sendto(self.answer(question), sender)

    def answer(self, question: bytes) -> bytes:
        labels, at = [], HEADER_BYTES
        while length := question[at]:
            labels.append(question[at + 1 : at + 1 + length].decode("ascii"))
            at += 1 + length
        kind = struct.unpack(">H", question[at + 1 : at + 3])[0]
        asked = question[HEADER_BYTES : at + 5]
        address = self.names.get(".".join(labels).lower())
        found = address is not None and kind == A
        flags = 0x8580 | (0 if address else NO_SUCH_NAME)
        head = question[:2] + struct.pack(">HHHHH", flags, 1, int(found), 0, 0)
        if not found or address is None:
            return head + asked
        return head + asked + struct.pack(">HHHIH", 0xC00C, A, 1, 0, 4) + socket.inet_aton(address)
