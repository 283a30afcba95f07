"""`python -m workers`, before any worker process begins."""

import os
import subprocess
import sys

import pytest

from tests.wire import free_port

COMMAND = [sys.executable, "-m", "workers", "--processes", "1"]


@pytest.mark.parametrize("variable", ["PEC_REDIS_URL", "PEC_BROKER_URL"])
def test_a_password_that_redis_refuses_ends_it_with_words(redis_url: str, variable: str) -> None:
    environment = {
        **os.environ,
        "PEC_REDIS_URL": redis_url,
        variable: f"{redis_url}&username=nobody&password=s3cret",
    }

    ended = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 5
    assert "set the right ones in PEC_REDIS_URL" in ended.stderr
    assert "s3cret" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_server_that_is_away_is_reported_at_once_and_waited_for_until_sigterm() -> None:
    port = free_port()
    environment = {**os.environ, "PEC_REDIS_URL": f"redis://127.0.0.1:{port}/0", "PEC_LOG_JSON": "1"}
    with subprocess.Popen(COMMAND, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            assert process.stderr.readline() == (
                f"Redis at redis://127.0.0.1:{port}/0 can't be used (Connection refused): "
                "start one, or set PEC_REDIS_URL. The workers wait until it answers.\n"
            )
            assert any("redis_unavailable" in line for line in process.stderr)
            assert process.poll() is None
            process.terminate()
            process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0


def test_anchors_that_are_not_there_end_it_with_words(redis_url: str) -> None:
    environment = {**os.environ, "PEC_REDIS_URL": redis_url, "PEC_ARCHIVE__ANCHORS": "/nowhere/roots.pem"}

    ended = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 2
    assert ended.stderr.startswith("PEC_ARCHIVE__ANCHORS: can't read the anchors /nowhere/roots.pem")
    assert "Traceback" not in ended.stderr
