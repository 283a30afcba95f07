"""`pec demo`, as a newcomer runs it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import requests

from cli.demo.stack import start_stack
from cli.demo.visit import USER, open_console
from producers.producer import Producer
from tests.acceptance.terminal import Terminal


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


def test_the_console_of_the_demo_lets_the_person_in_whose_password_it_shows(tmp_path: Path) -> None:
    with (
        start_stack(tmp_path, "http://127.0.0.1:9/", with_console=True) as where,
        Producer(where.redis_url) as producer,
        requests.Session() as session,
    ):
        url, password = re.findall(r"Console: (\S+) .*password (\S+)\)", open_console(producer, where))[0]
        csrf = re.findall(r'name="csrf" value="([0-9a-f]+)"', session.get(f"{url}/login", timeout=20).text)[0]
        fields = {"csrf": csrf, "name": USER, "password": password}
        entered = session.post(f"{url}/login", data=fields, timeout=20)
    assert entered.ok
    assert USER in entered.text


def test_a_person_stays_until_ctrl_c() -> None:
    waiting = [sys.executable, "-c", "from cli.demo.visit import stay; stay('Console: here')"]
    with Terminal(waiting, os.environ) as terminal:
        terminal.wait_for("until Ctrl-C")
        terminal.enter("\x03")
        assert terminal.wait() == 0
