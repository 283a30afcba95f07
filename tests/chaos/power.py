"""Power loss: a server killed, and its append-only file cut where the last fsync ended: no page cache saves it."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sandbox.redis_server import EmbeddedServer

SHIM = Path(__file__).with_name("fsync.c")


class NoCompiler(Exception):
    """There is no C compiler, so the end of the last fsync is unknown."""


class FragileServer(EmbeddedServer):
    """A server whose machine can lose its power."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, port=0)
        self._files = folder.absolute() / "appendonlydir"
        self._synced = folder.absolute() / "synced"
        self._shim = _compiled(folder.absolute())

    def start(self) -> None:
        with _environment({"LD_PRELOAD": str(self._shim), "CHAOS_FSYNC": str(self._synced)}):
            super().start()

    def lose_power(self) -> int:
        """Remove the bytes that were not synced. Return how many there were."""
        assert self.pid
        os.kill(self.pid, signal.SIGSTOP)  # so that nothing is synced between the look and the end
        lost = sum(_cut(path, size) for path, size in self._sizes().items())
        self.kill()
        lost += sum(_cut(path, size) for path, size in self._sizes().items())
        return lost

    def _sizes(self) -> dict[Path, int]:
        """Each file as of its last fsync: of one that had none yet, nothing is sure."""
        lines = self._synced.read_text().splitlines() if self._synced.exists() else []
        pairs = (line.partition(" ") for line in lines)
        synced = {Path(path): int(size) for size, _, path in pairs}
        return {path: synced.get(path, 0) for path in self._files.glob("*.incr.aof")}


def _cut(path: Path, size: int) -> int:
    lost = path.stat().st_size - size
    if lost > 0:
        os.truncate(path, size)
    return max(0, lost)


def _compiled(folder: Path) -> Path:
    """The shim as a library. Raises NoCompiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not compiler:
        raise NoCompiler("gcc or cc is needed to follow the server's fsync")
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "fsync.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, SHIM, "-ldl"], check=True)
    return library


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Return the additional environment of a child."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
