"""One site of the compose file: a copy of the project, commands as an operator types them, and the sandbox's ledger.

The sandbox runs beside the engine, so that its ledger outlasts every container.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.acceptance.site import eventually
from tests.compose.engine import GATEWAY, Engine
from tests.wire import free_port

ROOT = Path(__file__).parents[2]
RATE = 5  # sends per second
LOOKUPS = "PEC_UNCERTAIN__LOOKUP_SECONDS=[5,10,20]"
INSIDE = Path(__file__).with_name("inside.py").read_bytes()
_EDITOR = """\
#!/bin/sh
for file; do case $file in *.env)
    sed --in-place 's#^PEC_API__URL=.*#{lines}#' "$file";;
esac; done
"""  # what an operator does in an editor


@dataclass
class Site:
    """`folder` holds docker-compose.yml."""

    engine: Engine
    folder: Path
    ledger_url: str
    environment: dict[str, str]

    def run(self, command: str, seconds: float = 400.0, fails: bool = False) -> str:
        """Run a line of shell in the folder, and return what it prints. It must fail if `fails`."""
        ran = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=seconds,
        )
        output = ran.stdout.decode(errors="replace")
        assert bool(ran.returncode) == fails, f"{command}: exit code {ran.returncode}\n{output[-3000:]}"
        return output

    def compose(self, words: str, **options: Any) -> str:
        return self.run(f"docker compose {words}", **options)

    def containers(self, service: str) -> list[str]:
        return self.compose(f"ps --all --quiet {service}").split()

    def inspect(self, container: str) -> dict[str, Any]:
        [found] = json.loads(self.engine.docker("inspect", container))
        return dict(found)

    def health(self, service: str) -> list[str]:
        states = [self.inspect(one)["State"] for one in self.containers(service)]
        return [state["Health"]["Status"] if state["Running"] else "stopped" for state in states]

    def wait_until_healthy(self, *services: str) -> None:
        eventually(lambda: {state for name in services for state in self.health(name)} == {"healthy"}, 120)

    def inside(self, *words: str) -> str:
        """Run inside.py in a worker's container."""
        container = next(one for one in self.containers("worker") if self.inspect(one)["State"]["Running"])
        return self.engine.docker("exec", "--interactive", container, "python", "-", *words, stdin=INSIDE)

    def put(self, prefix: str, count: int) -> None:
        self.inside("put", prefix, str(count))

    def sent(self, prefix: str) -> int:
        """Return how many PEC went out whose id has this prefix."""
        return sum(self._ledger(prefix).values())

    def wait_for_sends(self, prefix: str, count: int, seconds: float = 60.0) -> None:
        eventually(lambda: self.sent(prefix) >= count, seconds)

    def all_delivered(self, prefix: str, count: int, seconds: float = 200.0) -> str:
        """Wait until each of them is delivered, and say so. Fail if one was sent twice or is lost.

        A death can leave a send whose answer is lost: it is held, and sent again as an operator does.
        """
        held = set()

        def is_over() -> bool:
            states = self.inside("states", prefix, str(count)).split()
            for number, state in enumerate(states):
                if state == "held" and (one := f"{prefix}-{number}") not in held:
                    self.compose(f"exec worker pec resend {one}")
                    held.add(one)
            return Counter(states) == {"delivered": count}

        try:
            eventually(is_over, seconds)
        except AssertionError:
            states = Counter(self.inside("states", prefix, str(count)).split())
            raise AssertionError(f"{prefix}: {states}") from None
        ledger = self._ledger(prefix)
        twice = [one for one, times in ledger.items() if times > 1]
        assert not twice, f"sent twice: {twice}"
        assert len(ledger) == count, f"{len(ledger)} of {count} in the ledger"
        return f"{count} of {count} delivered, none sent twice" + (
            f", {len(held)} held first" if held else ""
        )

    def _ledger(self, prefix: str) -> Counter[str]:
        found = requests.get(f"{self.ledger_url}/_sandbox/sent", timeout=10).json()
        mine = f"consegna+{prefix}-"
        return Counter(one for sent in found for one in sent["recipients"] if one.startswith(mine))


@contextmanager
def site(engine: Engine, folder: Path) -> Iterator[Site]:
    """A copy of the work tree in `folder`, and a sandbox. At the end its containers and volumes are gone."""
    copy_of_the_project(folder)
    url = f"http://{GATEWAY}:{free_port()}"
    editor = folder / "editor"
    lines = (f"PEC_API__URL={url}", f"PEC_API__RATE={RATE}", LOOKUPS)
    editor.write_text(_EDITOR.format(lines="\\n".join(lines)), encoding="utf-8")
    editor.chmod(0o755)
    with _sandbox(url):
        found = Site(engine, folder, url, {**engine.environment, "EDITOR": str(editor)})
        try:
            yield found
        finally:
            found.compose("--profile demo down --volumes --timeout 10")


def copy_of_the_project(folder: Path) -> None:
    """Copy what git knows, with its changes."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


@contextmanager
def _sandbox(url: str) -> Iterator[None]:
    port = url.rpartition(":")[2]
    options = ["--host", GATEWAY, "--port", port, "--rate", str(RATE * 2), "--delivery-delay", "0.5"]
    command = [sys.executable, "-m", "cli", "sandbox", *options]
    process = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: _answers(url))
        yield
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_sandbox/health", timeout=2).ok
    except requests.ConnectionError:
        return False


Step = Callable[[Site], str]  # returns what was seen
