"""A gateway that is started with a mistake: one line names it, and the remedy."""

import socket
import subprocess
from contextlib import AbstractContextManager

import pytest

from sandbox.redis_server import EmbeddedServer
from tests.integration.producers.gateway.serving import DEADLINE_SECONDS
from tests.module_process import running


def starting(redis_url: str, *options: str) -> AbstractContextManager[subprocess.Popen[str]]:
    environment = {"PEC_REDIS_URL": redis_url, "LANG": "C"}
    return running("cli", "gateway", "--workers", "1", *options, environment=environment)


def test_a_gateway_without_redis_says_so_and_waits_for_it() -> None:
    with starting("redis://127.0.0.1:1/0", "--port", "0") as process:
        assert process.stderr is not None
        assert process.stdout is not None

        said = process.stderr.readline()

        assert "Redis at redis://127.0.0.1:1/0 can't be used" in said
        assert "answers 503 until then" in said
        assert process.stdout.readline().startswith("http://127.0.0.1:")


def test_a_gateway_whose_password_redis_refuses_does_not_start(server: EmbeddedServer) -> None:
    with starting(server.url.replace("//", "//pec:wr0ng@"), "--port", "0") as process:
        out, said = process.communicate(timeout=DEADLINE_SECONDS)

    assert (process.returncode, out) == (5, "")
    assert "refuses the user or password" in said
    assert "wr0ng" not in said


@pytest.mark.parametrize("taken", [True, False])
def test_an_address_that_can_t_be_used_is_named_once(server: EmbeddedServer, taken: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        host = "127.0.0.1" if taken else "192.0.2.1"
        port = str(holder.getsockname()[1])
        with starting(server.url, "--host", host, "--port", port) as process:
            _, said = process.communicate(timeout=DEADLINE_SECONDS)

    assert process.returncode == 2
    assert said.startswith(f"pec gateway: can't listen on {host}, port {port} (")
    assert said.count(port) == 1
    assert said.endswith("): choose another --host or --port\n")
