"""Hosts in network namespaces on a bridge, and the ways in which their links fail. Needs root, and Linux."""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from tests.hosts.slow_wire import SlowWire

CLONE_NEWNET = 0x40000000
SIOCETHTOOL, OFFLOADS = 0x8946, (0x17, 0x1F, 0x24)  # checksums, TSO, GSO
ANYWHERE = "0.0.0.0/0"
BRIDGE = "bridge"
T = TypeVar("T")


class CannotMakeHosts(Exception):
    """Network namespaces can't be made here; the text says why."""


class Host:
    """One namespace with one link to the bridge, which is in a namespace of its own."""

    def __init__(self, network: "Network", name: str, address: str) -> None:
        self.name, self.address = name, address
        self.namespace = f"{network.name}-{name}"
        self._switch = network.switch
        self._wire: SlowWire | None = None

    @property
    def within(self) -> list[str]:
        """Return what stands before a command to run it on this host."""
        return ["ip", "netns", "exec", self.namespace]

    def listen(self, port: int) -> socket.socket:
        return inside(self.namespace, lambda: socket.create_server((self.address, port)))

    def cut(self) -> None:
        self._at_switch("link", "set", "dev", self.name, "down")

    def deafen(self, sources: Sequence[str] = (ANYWHERE,)) -> None:
        """Drop what comes from there."""
        for one in sources:
            self._drop("INPUT", "!", "-i", "lo", "-s", one)

    def mute(self, targets: Sequence[str] = (ANYWHERE,)) -> None:
        """Drop what goes there."""
        for one in targets:
            self._drop("OUTPUT", "!", "-o", "lo", "-d", one)

    def slow_down(self, delay_seconds: float, loss: float) -> None:
        """Let each packet take so long in each direction, and lose a share of them."""
        self._at_switch("link", "set", "dev", self.name, "nomaster")
        near, far = f"{self.name}-near", f"{self.name}-far"
        self._at_switch("link", "add", "name", near, "type", "veth", "peer", "name", far)
        self._at_switch("link", "set", "dev", near, "up")
        self._at_switch("link", "set", "dev", far, "master", BRIDGE, "up")
        self._wire = inside(self._switch, lambda: SlowWire(self.name, near, delay_seconds, loss))

    def mend(self) -> None:
        """End whatever is wrong with its link."""
        self._at_switch("link", "set", "dev", self.name, "up")
        command(*self.within, "iptables", "-w", "-F")
        if self._wire:
            self._wire.close()
            self._wire = None
            self._at_switch("link", "del", "dev", f"{self.name}-near")
            self._at_switch("link", "set", "dev", self.name, "master", BRIDGE)

    def make(self) -> None:
        command("ip", "netns", "add", self.namespace)
        self._at_switch(
            "link", "add", "name", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.namespace
        )
        self._at_switch("link", "set", "dev", self.name, "master", BRIDGE, "up")
        for line in (f"addr add {self.address}/24 dev eth0", "link set eth0 up", "link set lo up"):
            command("ip", "-n", self.namespace, *line.split())
        inside(self.namespace, lambda: compute_checksums("eth0"))

    def remove(self) -> None:
        if self._wire:
            self._wire.close()
        subprocess.run(["ip", "netns", "del", self.namespace], capture_output=True, check=False)

    def _at_switch(self, *words: str) -> None:
        command("ip", "-n", self._switch, *words)

    def _drop(self, chain: str, *rule: str) -> None:
        command(*self.within, "iptables", "-w", "-A", chain, *rule, "-j", "DROP")


class Network:
    """A bridge with one link to where the tests are. `number`: two networks at once have different ones.

    The bridge has a namespace of its own: rules of the machine (Docker's, for example) may drop what crosses one.
    """

    def __init__(self, number: int) -> None:
        self.name = f"pec{number}"
        self.switch = f"{self.name}-net"
        self._net = f"10.77.{number}"
        self.address = f"{self._net}.254"
        self.hosts: dict[str, Host] = {}

    def add(self, name: str) -> Host:
        host = Host(self, name, f"{self._net}.{len(self.hosts) + 1}")
        self.hosts[name] = host
        host.make()
        return host

    def make(self) -> None:
        command("ip", "netns", "add", self.switch)
        command("ip", "-n", self.switch, "link", "add", BRIDGE, "type", "bridge")
        command("ip", "-n", self.switch, "link", "set", "dev", BRIDGE, "up")
        command(
            "ip",
            "link",
            "add",
            "name",
            self.name,
            "type",
            "veth",
            "peer",
            "name",
            "here",
            "netns",
            self.switch,
        )
        command("ip", "-n", self.switch, "link", "set", "dev", "here", "master", BRIDGE, "up")
        command("ip", "addr", "add", f"{self.address}/24", "dev", self.name)
        command("ip", "link", "set", "dev", self.name, "up")
        compute_checksums(self.name)

    def remove(self) -> None:
        for host in self.hosts.values():
            host.remove()
        for words in (("link", "del", self.name), ("netns", "del", self.switch)):
            subprocess.run(["ip", *words], capture_output=True, check=False)


@contextmanager
def network() -> Iterator[Network]:
    """A network without hosts yet. Raise CannotMakeHosts."""
    if os.geteuid() != 0:
        raise CannotMakeHosts("only root may make network namespaces")
    found = Network(os.getpid() % 200 + 1)
    with ExitStack() as stack:
        stack.callback(found.remove)
        try:
            found.make()
            trial = found.add("t")
            trial.mute()
            trial.mend()
        except (OSError, subprocess.CalledProcessError) as error:
            why = getattr(error, "stderr", "") or str(error)
            raise CannotMakeHosts(f"this machine can't make network namespaces: {why.strip()}") from None
        yield found


def command(*words: str) -> None:
    subprocess.run(words, capture_output=True, text=True, timeout=20, check=True)


def inside(namespace: str, task: Callable[[], T]) -> T:
    """Run a task in a thread of the namespace: sockets that it opens belong there."""
    with ThreadPoolExecutor(1, initializer=_enter, initargs=(namespace,)) as thread:
        found: T = thread.submit(task).result()
        return found


def _enter(namespace: str) -> None:
    """Put this thread into the namespace. Raise OSError."""
    with Path(f"/run/netns/{namespace}").open("rb") as place:
        if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"can't enter {namespace}")


def compute_checksums(device: str) -> None:
    """Have whole packets with their checksums leave, as a slow wire passes them on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        for offload in OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("II", offload, 0))
            request = struct.pack("16sP", device.encode(), ctypes.addressof(value))
            fcntl.ioctl(door, SIOCETHTOOL, request)
