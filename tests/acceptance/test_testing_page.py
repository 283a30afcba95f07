"""docs/testing.md: an app's tests beside the sandbox, as the page says."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from redis import Redis
from ruamel.yaml import YAML

from sandbox.redis_server import EmbeddedServer
from sandbox.scenarios import SCENARIOS
from tests.acceptance.programs import program
from tests.acceptance.site import Site, eventually, site
from tests.unit.docs.pages import PAGES, blocks, tables

EXAMPLES = Path(__file__).parents[2] / "examples"
PAGE = PAGES["docs/testing.md"]
TESTBED = ["sh", str(EXAMPLES / "testbed.sh")]


def outcomes() -> dict[str, str]:
    """Each recipient of the page's table, and the last state that its row names."""
    [rows] = tables(PAGE.split("## Choose what happens")[1].split("\n## ")[0])
    states = {"delivered", "undelivered", "refused", "uncertified", "expired", "held"}
    return {
        recipient: [word for word in re.findall(r"`(\w+)`", end) if word in states][-1]
        for recipients, end in rows
        for recipient in re.findall(r"`(\S+)`", recipients)
    }


def test_every_story_of_the_sandbox_is_on_the_page() -> None:
    assert {one.partition("@")[0].partition("+")[0] for one in outcomes()} == set(SCENARIOS)


def test_each_recipient_of_the_page_ends_as_the_page_says(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    with (
        site(redis, redis_url, tmp_path) as at,
        at.workers(PEC_RECEIPTS__DEADLINE_SECONDS="8", PEC_API__TIMEOUT_SECONDS="1"),
    ):
        ends = {f"m{number}": end for number, end in enumerate(outcomes().values())}
        for message, recipient in zip(ends, outcomes(), strict=True):
            at.add(id=message, recipient=recipient, subject=message)
        eventually(lambda: all(at.state(one) == end for one, end in ends.items()), 40)
        shown = at.sent()[-1]
        _plant_an_empty_wallet(at, redis)
    fields = {
        name
        for row in tables(PAGE.split("## What was received")[1])[0]
        for name in re.findall(r"`(\w+)`", row[0])
    }
    assert fields == set(shown)


def _plant_an_empty_wallet(at: Site, redis: Redis) -> None:
    [line] = [
        line for block in blocks(PAGE, "sh") for line in block.splitlines() if "/_sandbox/fault" in line
    ]
    body = shlex.split(line)[3]
    assert (
        requests.post(f"{at.sandbox_url}/_sandbox/fault", json=json.loads(body), timeout=30).status_code
        == 201
    )
    at.add(id="poor", recipient="consegna@pec.example", subject="poor")

    def paused() -> bool:
        published: Any = redis.xrange("pec:events")
        return any(fields[b"type"] == b"account.paused" for _, fields in published)

    eventually(paused)


def test_the_node_test_of_an_app_passes_in_the_testbed(node_folder: Path) -> None:
    command = [*TESTBED, program("node", in_ci=True), "--test", "app.test.mjs"]
    done = subprocess.run(command, cwd=node_folder, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def empty_server() -> Iterator[str]:
    with EmbeddedServer(port=0) as server:
        yield server.url


def test_the_testbed_uses_the_redis_that_is_named_and_exits_as_the_command_did(empty_server: str) -> None:
    source = "import os, sys; print(os.environ['PEC_REDIS_URL'], os.environ['PEC_SANDBOX_URL']); sys.exit(7)"
    environment = {**os.environ, "PEC_REDIS_URL": empty_server}
    done = subprocess.run(
        [*TESTBED, sys.executable, "-c", source],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    redis_url, sandbox_url = done.stdout.split()

    assert (done.returncode, redis_url) == (7, empty_server)
    with pytest.raises(requests.ConnectionError):
        requests.get(sandbox_url, timeout=30)


def test_the_recipe_for_ci_runs_the_testbed() -> None:
    [recipe] = blocks(PAGE, "yaml")
    steps = YAML(typ="safe").load(recipe)["jobs"]["test"]["steps"]
    runs = [step["run"] for step in steps if "run" in step]

    assert runs[-1] == 'sh "$RUNNER_TEMP/pec/examples/testbed.sh" npm test'
    assert "install" in runs[0]
