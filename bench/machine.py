"""The machine and the versions that figures belong to."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.site import PEERS_PYTHON, ROOT
from sandbox.redis_server import server_program

PACKAGES = ("dramatiq", "redis", "requests", "urllib3", "pydantic")


def describe() -> dict[str, str]:
    """For people who compare."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "server": _said([server_program(), "--version"]).partition(" sha=")[0],
        **{name: version(name) for name in PACKAGES},
        **{name: _peer_version(name) for name in ("celery", "taskiq")},
        "commit": _said(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]),
        "load before": f"{os.getloadavg()[0]:.1f}",
        "project": _project(),
    }


def _peer_version(name: str) -> str:
    program = f"from importlib.metadata import version; print(version({name!r}))"
    return _said([str(PEERS_PYTHON), "-c", program])


def _project() -> str:
    try:
        return version("pecmassiva")
    except PackageNotFoundError:
        return "?"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "?")


def _said(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "?"
