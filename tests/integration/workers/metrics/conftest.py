"""The HTTP server of a worker, in this process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from config.settings import Settings
from tests.wire import free_port
from workers.metrics import definitions, server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that worker processes share."""
    made = tmp_path / "shared"
    made.mkdir()
    monkeypatch.setenv(definitions.FOLDER, str(made))
    return made


@pytest.fixture
def serve(folder: Path) -> Iterator[Callable[..., str]]:
    """Serves on the host with the settings that are given, and returns the URL."""
    with ExitStack() as stack:
        yield lambda host="127.0.0.1", **settings: stack.enter_context(_serving(host, settings))


@contextmanager
def _serving(host: str, settings: dict[str, str]) -> Iterator[str]:
    address = f"{host}:{free_port()}"
    with server.listening(Settings.model_validate({"metrics_address": address, **settings})) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://{address}"
        finally:
            httpd.shutdown()
            thread.join()
