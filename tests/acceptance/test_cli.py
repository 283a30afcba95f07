"""`pec` as a user runs it: a process, its streams, its exit code."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from redis import Redis

from sandbox.redis_server import EmbeddedServer
from tests.acceptance.command import PATIENCE_SECONDS, PEC, ROOT, read_all
from tests.wire import eventually

SEND = ("send", "--account", "acme", "--to", "x@pec.example", "--subject", "S", "--body", "<p>Ciao</p>")
Pec = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(redis: Redis, redis_url: str) -> dict[str, str]:
    return {**os.environ, "PEC_REDIS_URL": redis_url, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def pec(environment: Mapping[str, str], tmp_path: Path) -> Pec:
    """Runs it in a folder of the user's own, in which nothing is ours."""

    def ran(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*PEC, *arguments],
            env={**environment, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )

    return ran


@pytest.mark.parametrize(
    ("arguments", "variables", "code"),
    [
        ((), {}, 0),
        (("--help",), {}, 0),
        (SEND, {}, 0),
        (("send",), {}, 2),
        (("nonsense",), {}, 2),
        (("status",), {"PEC_API__RATE": "fast"}, 2),
        (("worker",), {"PEC_API__RATE": "fast"}, 2),
        ((*SEND, "--to", "nobody"), {}, 3),
        (("status", "inv-9"), {}, 3),
        (("status",), {"PEC_REDIS_URL": "redis://127.0.0.1:1/0"}, 4),
        (SEND, {"PEC_REDIS_URL": "unix:///no/such/socket?db=0"}, 4),
        (("health",), {}, 4),
        (("watch", "inv-9", "--timeout", "0.1"), {}, 124),
    ],
)
def test_every_mistake_has_its_exit_code_and_no_traceback(
    pec: Pec, arguments: tuple[str, ...], variables: dict[str, str], code: int
) -> None:
    ran = pec(*arguments, **variables)

    assert ran.returncode == code
    assert "Traceback" not in ran.stderr
    assert (code == 0) == bool(ran.stdout or not arguments)


def test_redis_may_need_no_accounts_and_no_token_to_send(pec: Pec, redis: Redis) -> None:
    assert pec(*SEND, PEC_NAMESPACE="mine").returncode == 0

    assert redis.xlen("mine:jobs") == 1


def test_ctrl_c_while_waiting_is_silent_and_exits_with_130(
    environment: dict[str, str], redis: Redis, tmp_path: Path
) -> None:
    command = [*PEC, *SEND, "--wait"]
    with subprocess.Popen(
        command,
        env=environment,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_take_ctrl_c,
    ) as process:
        eventually(lambda: blocked_reading(redis))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 130
    assert "Traceback" not in said
    assert "pec:" not in said


def test_a_reader_that_goes_away_is_no_error(pec: Pec, environment: dict[str, str], tmp_path: Path) -> None:
    command = [*PEC, "config"]
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()

    assert b"Traceback" not in said
    assert b"BrokenPipe" not in said


def test_the_sandbox_is_started_in_place_of_the_command(
    environment: dict[str, str], redis: Redis, tmp_path: Path
) -> None:
    for name in ("sandbox", "config", "pec"):  # the user's own folders are not taken for ours
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the wrong one')")
    launch = "import sys; sys.path[:] = [p for p in sys.path if p]; from cli import main; main()"
    command = [sys.executable, "-c", launch, "sandbox", "--port", "0", "--ready-file", "ready"]
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)


def test_a_terminal_gets_a_table(environment: dict[str, str], tmp_path: Path) -> None:
    master, terminal = pty.openpty()
    subprocess.run(
        [*PEC, "config"], env=environment, cwd=tmp_path, stdout=terminal, check=True, timeout=PATIENCE_SECONDS
    )
    os.close(terminal)

    shown = read_all(master)

    assert "SETTING" in shown
    assert "─" in shown


def test_a_server_that_comes_back_while_one_waits_is_no_error(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with EmbeddedServer(tmp_path / "server") as own:
        command = [*PEC, *SEND, "--wait", "--timeout", "4"]
        variables = {**environment, "PEC_REDIS_URL": own.url}
        with (
            Redis.from_url(own.url) as client,
            subprocess.Popen(command, env=variables, cwd=tmp_path, stderr=subprocess.PIPE) as process,
        ):
            eventually(lambda: blocked_reading(client))
            own.restart()
            process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 124  # it went on waiting, to its own end


def _take_ctrl_c() -> None:
    """A shell's background process ignores the signal, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def blocked_reading(redis: Redis) -> bool:
    return any(one["cmd"] == "xread" for one in redis.client_list())
