"""Starts peers, and puts their jobs in. Runs in the bench's process; peers run in processes of their own."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bench.site import PEERS_PYTHON, ROOT, Site


@dataclass(frozen=True, slots=True)
class Peer:
    """`kind`: which module of bench/peers; `tuned`: with what a user would find by measuring."""

    name: str
    kind: str
    tuned: bool = False


GUIDE = Peer("Dramatiq by its guide", "dramatiq")
TUNED = Peer("Dramatiq tuned", "dramatiq", tuned=True)
CELERY = Peer("Celery", "celery")
PEERS = (GUIDE, TUNED, *([CELERY] if PEERS_PYTHON.exists() else []))  # `make bench` installs it


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
    def workers(self, processes: int, threads: int = 8) -> Iterator[int]:
        if self._peer.kind == "celery":
            command = [
                _python(self._peer),
                "-m",
                "celery",
                "-A",
                "bench.peers.celery_app",
                "worker",
                "-l",
                "WARNING",
            ]
            command += ["--concurrency", str(processes)]
        else:
            command = [_python(self._peer), "-m", "dramatiq", "bench.peers.plain_dramatiq"]
            command += ["--processes", str(processes), "--threads", str(threads)]
        # Ours fetches no more of a queue than there are threads for it: `workers.broker`.
        prefetch = {"dramatiq_queue_prefetch": str(threads)} if self._peer.tuned else {}
        with self._site.run(command, {**self._environment, **prefetch}) as leader:
            yield leader


def running(peer: Peer, site: Site, token: str, *, tls: bool = False, **settings: str) -> Running:
    """`settings`: see `bench/peers/work.py`, without BENCH_ and in small letters."""
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
    return str(PEERS_PYTHON) if peer.kind == "celery" else sys.executable
