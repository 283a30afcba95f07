"""`python -m workers`, before any worker process begins."""

import os
import subprocess
import sys


def test_a_password_that_redis_refuses_ends_it_with_words(redis_url: str) -> None:
    environment = {**os.environ, "PEC_REDIS_URL": f"{redis_url}&username=nobody&password=s3cret"}

    ended = subprocess.run(
        [sys.executable, "-m", "workers"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 5
    assert "set the right ones in PEC_REDIS_URL" in ended.stderr
    assert "s3cret" not in ended.stderr
    assert "Traceback" not in ended.stderr
