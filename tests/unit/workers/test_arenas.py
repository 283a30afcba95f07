"""The threads of a worker share few arenas of malloc."""

import platform
import subprocess
import sys

import pytest

COUNT = """
import ctypes, threading
from workers.arenas import limit_arenas

limit_arenas()
started, ended = threading.Barrier(9), threading.Event()

def hold():
    kept = bytes(100_000)
    started.wait()
    ended.wait()

threads = [threading.Thread(target=hold) for _ in range(8)]
for thread in threads:
    thread.start()
started.wait()
ctypes.CDLL(None).malloc_stats()
ended.set()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another malloc")
def test_eight_threads_share_two_arenas() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", COUNT], env={"PATH": ""}, capture_output=True, text=True, check=True
    )

    assert shown.stderr.count("Arena ") == 2
