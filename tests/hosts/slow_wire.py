"""A wire that is slow and loses packets: frames of one link are passed on to another, each after a while.

It does what `tc netem` does where the kernel has it, and does it everywhere.
"""

import heapq
import random
import socket
import time
from itertools import count
from select import select
from threading import Event, Thread

ALL_PROTOCOLS, OUTGOING, LARGEST = 0x0003, 4, 65_536
REST_SECONDS = 0.05


class SlowWire:
    """Passes on from its making until it is closed."""

    def __init__(self, one: str, other: str, delay_seconds: float, loss: float) -> None:
        self._ends = [_open(one), _open(other)]
        self._delay_seconds, self._loss = delay_seconds, loss
        self._chance = random.Random(one)
        self._closing = Event()
        self._thread = Thread(target=self._pass_on, name="wire", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join(5)
        for end in self._ends:
            end.close()

    def _pass_on(self) -> None:
        waiting: list[tuple[float, int, socket.socket, bytes]] = []
        order = count()
        while not self._closing.is_set():
            rest = min(REST_SECONDS, waiting[0][0] - time.monotonic()) if waiting else REST_SECONDS
            readable, _, _ = select(self._ends, [], [], max(0.0, rest))
            for end in readable:
                frame, address = end.recvfrom(LARGEST)
                if address[2] != OUTGOING and self._chance.random() >= self._loss:
                    due = time.monotonic() + self._delay_seconds
                    heapq.heappush(waiting, (due, next(order), self._other(end), frame))
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, end, frame = heapq.heappop(waiting)
                try:
                    end.send(frame)
                except OSError:
                    continue  # the link is down, or the frame too long: it is lost

    def _other(self, end: socket.socket) -> socket.socket:
        return self._ends[1] if end is self._ends[0] else self._ends[0]


def _open(device: str) -> socket.socket:
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    opened.bind((device, 0))
    return opened
