"""Starts peers, and puts their jobs in. Runs in the bench's process; peers run in processes of their own."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench.site import PEERS_PYTHON, ROOT, Site


@dataclass(frozen=True, slots=True)
class Peer:
    """`kind`: which module of bench/peers; `tuned`: with what a user would find by measuring, or in its pages.

    `paced`: whether its documentation names a rate limit.
    """

    name: str
    kind: str
    tuned: bool = True
    paced: bool = True


GUIDE = Peer("Dramatiq by its guide", "dramatiq", tuned=False)
TUNED = Peer("Dramatiq tuned", "dramatiq")
CELERY = Peer("Celery", "celery")
TASKIQ = Peer("taskiq", "taskiq", paced=False)
PEERS = (GUIDE, TUNED, *([CELERY, TASKIQ] if PEERS_PYTHON.exists() else []))  # `make bench` installs them


class Running:
    def __init__(self, peer: Peer, site: Site, environment: Mapping[str, str]) -> None:
        self._peer = peer
        self._site = site
        self._environment = environment

    def produce(self, actor: str, count: int, first: int = 0) -> float:
        """Return the seconds that it took."""
        job = [actor, str(count), str(first)]
        command = [_python(self._peer), "-m", "bench.peers.produce", self._peer.kind, *job]
        done = subprocess.run(
            command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, text=True, check=True
        )
        return float(done.stdout)

    @contextmanager
    def workers(self, processes: int, threads: int = 8) -> Iterator[None]:
        prefetch = {"dramatiq_queue_prefetch": str(4 * threads)} if self._peer.tuned else {}
        commands = {"dramatiq": _dramatiq, "celery": self._celery, "taskiq": _taskiq}[self._peer.kind]
        with ExitStack() as stack:
            for number, command in enumerate(commands(processes, threads)):
                program = [_python(self._peer), "-m", *command]
                environment = {**self._environment, **prefetch}
                stack.enter_context(self._site.run(program, environment, log=f"workers{number}.log"))
            yield

    def _celery(self, processes: int, threads: int) -> list[list[str]]:
        command = ["celery", "-A", "bench.peers.celery_app", "worker", "-l", "WARNING"]
        if "BENCH_RATE" in self._environment:  # a rate limit holds for one instance
            return [[*command, "--concurrency", str(processes)]]
        command += [
            "--pool",
            "threads",
            "--concurrency",
            str(threads),
            "--without-gossip",
            "--without-mingle",
        ]
        return [[*command, "--hostname", f"{number}@bench"] for number in range(processes)]


def _dramatiq(processes: int, threads: int) -> list[list[str]]:
    command = ["dramatiq", "bench.peers.plain_dramatiq"]
    return [[*command, "--processes", str(processes), "--threads", str(threads)]]


def _taskiq(processes: int, _: int) -> list[list[str]]:
    """Up to 100 tasks run in each process. One scheduler, as its pages demand, looks at its shortest interval."""
    app, quiet = "bench.peers.taskiq_app", ["--log-level", "WARNING"]
    return [
        ["taskiq", "worker", f"{app}:broker", "--workers", str(processes), *quiet],
        ["taskiq", "scheduler", f"{app}:scheduler", "--update-interval", "1", *quiet],
    ]


def running(peer: Peer, site: Site, token: str, *, tls: bool = False, **settings: str) -> Running:
    """`settings`: see `bench/peers/messages.py`, without BENCH_ and in small letters."""
    tuned = (
        {"BENCH_TUNED": "yes", "BENCH_SESSION": "yes", "dramatiq_worker_timeout": "250"} if peer.tuned else {}
    )
    environment = {
        **site.environment(tls=tls),
        "BENCH_TOKEN": token,
        "REQUESTS_CA_BUNDLE": str(site.folder / "authorities.pem"),
        "BENCH_HOOK": f"{site.api.url}/hook/{site.folder.name}",
        **{f"BENCH_{name.upper()}": value for name, value in settings.items()},
        **tuned,
    }
    return Running(peer, site, {"PATH": "/usr/bin:/bin", **environment})


def _python(peer: Peer) -> str:
    return sys.executable if peer.kind == "dramatiq" else str(PEERS_PYTHON)
