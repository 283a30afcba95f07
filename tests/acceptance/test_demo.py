"""`pec demo`, as a newcomer runs it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path


def test_the_demo_ends_every_message_as_its_story_says(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PEC_")}
    done = subprocess.run(
        [Path(sys.executable).parent / "pec", "demo", "--json"],
        cwd=tmp_path,  # nothing of the checkout is needed to run
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shown = json.loads(done.stdout)
    assert shown["problems"] == []
    assert len(shown["messages"]) >= 14
    assert {"delivered", "undelivered", "refused", "uncertified", "expired", "held"} == {
        message["state"] for message in shown["messages"]
    }
    assert all(message["webhooks"][-1] == message["state"] for message in shown["messages"])
    assert {message["proof"] for message in shown["messages"] if message["state"] != "held"} == {"originals"}
    assert_is_verified(Path(shown["bundle"]), len(shown["messages"]))


def assert_is_verified(bundle: Path, messages: int) -> None:
    """Judge the bundle that the demo leaves, and delete it."""
    program, anchor = str(Path(sys.executable).parent / "pec"), str(bundle / "sandbox-ca.pem")
    command = [program, "verify", str(bundle), "--anchors", anchor, "--json"]
    judged = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert judged.returncode == 0, judged.stderr
    assert len(list(bundle.glob("*/verification.json"))) == messages
    shutil.rmtree(bundle)
