"""The cost of processes: CPU time and memory of a whole session, from /proc."""

import os
from collections.abc import Iterator
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def session(leader: int) -> Iterator[int]:
    """Processes that a leader started, itself included."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _stat(int(entry.name))[3:4] == [str(leader)]:
            yield int(entry.name)


def cpu_seconds(leader: int) -> float:
    """Return the CPU seconds of the processes that run now."""
    return sum(cpu_seconds_of(pid) for pid in session(leader))


def cpu_seconds_of(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICK if len(fields) > 12 else 0.0


def state(pid: int) -> str:
    """Return the letter of its main thread's state: R runs, S sleeps, D waits for the disk."""
    return (_stat(pid) or [""])[0]


def memory_bytes(leader: int) -> int:
    """Return the memory that would be free if they ended (PSS: shared pages counted once)."""
    return sum(map(_pss, session(leader)))


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process has had resident."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _stat(pid: int) -> list[str]:
    """From the state on: state, ppid, pgrp, session, …"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
