"""The embedded server is durable, comes back where it was, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from redis import Redis

from config.redis_connection import REDIS_ERRORS, connect
from sandbox.redis_server import EmbeddedServer, EmbeddedServerError, server_program
from tests.wire import free_port

PARENT = """
import signal, sys
from pathlib import Path
from sandbox.redis_server import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    signal.pause()
"""


def test_it_is_as_durable_as_an_operator_s_should_be(redis: Redis) -> None:
    assert setting(redis, "appendonly") == "yes"
    assert setting(redis, "appendfsync") == "always"
    assert setting(redis, "maxmemory-policy") == "noeviction"
    assert setting(redis, "databases") == "16"


def test_what_it_acknowledged_survives_a_crash() -> None:
    with EmbeddedServer() as server, connect(server.url) as client:
        client.set("claim", "1")
        server.kill()
        server.restart()

        assert client.get("claim") == b"1"


def test_what_it_held_survives_a_restart_at_the_same_address() -> None:
    with EmbeddedServer(port=0) as server, connect(server.url) as client:
        client.set("claim", "1")
        url = server.url
        server.restart()

        assert server.url == url
        assert client.get("claim") == b"1"


def test_a_given_folder_stays_with_its_data(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path / "data") as server, connect(server.url) as client:
        client.set("kept", "1")

    with EmbeddedServer(tmp_path / "data") as again, connect(again.url) as client:
        assert client.get("kept") == b"1"


def test_a_temporary_folder_goes_with_the_context() -> None:
    with EmbeddedServer() as server:
        folder = server.log.parent
        assert folder.is_dir()

    assert not folder.exists()


def test_nothing_runs_once_it_is_stopped() -> None:
    with EmbeddedServer() as server:
        pid = server.pid
        assert pid is not None
        server.stop()

        assert server.pid is None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_it_listens_on_a_socket_in_its_folder(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path / "d") as server, connect(server.url) as client:
        assert server.url == f"unix://{tmp_path}/d/server.sock?db=0"
        assert client.ping()


def test_a_folder_too_deep_for_a_socket_gets_a_port(tmp_path: Path) -> None:
    with EmbeddedServer(tmp_path / ("d" * 120)) as server, connect(server.url) as client:
        assert server.url.startswith("redis://127.0.0.1:")
        assert client.ping()


def test_it_listens_on_the_port_that_is_asked_for() -> None:
    with EmbeddedServer(port=free_port()) as server, connect(server.url) as client:
        assert server.url.startswith("redis://127.0.0.1:")
        assert client.ping()


def test_a_port_in_use_is_reported_with_the_server_s_own_words() -> None:
    with EmbeddedServer(port=0) as first:
        port = int(first.url.rpartition(":")[2].removesuffix("/0"))

        with pytest.raises(EmbeddedServerError, match="Address already in use"), EmbeddedServer(port=port):
            pass


def test_a_server_that_did_not_start_leaves_no_temporary_folder() -> None:
    with EmbeddedServer(port=0) as first:
        port = int(first.url.rpartition(":")[2].removesuffix("/0"))
        second = EmbeddedServer(port=port)

        with pytest.raises(EmbeddedServerError):
            second.__enter__()

        assert not second.log.parent.exists()


def test_the_terminal_s_ctrl_c_does_not_reach_it(server: EmbeddedServer) -> None:
    assert server.pid is not None
    assert os.getsid(server.pid) != os.getsid(0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child when its parent dies")
def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        with Redis.from_url(url, retry=None) as client:
            assert client.ping()
            parent.send_signal(signal.SIGKILL)

            assert falls_silent(client, within_seconds=20)


def test_a_server_on_path_comes_before_the_wheel_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    from_wheel = server_program()
    installed = tmp_path / "valkey-server"
    installed.touch(mode=0o755)

    assert Path(from_wheel).is_file()
    assert server_program() == str(installed)


def falls_silent(client: Redis, *, within_seconds: float) -> bool:
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        try:
            client.ping()
        except REDIS_ERRORS:
            return True
    return False


def setting(client: Redis, name: str) -> object:
    return client.config_get(name)[name]
