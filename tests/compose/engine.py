"""A Docker engine started by hand, with data, socket and bridge of its own, so that it can be restarted."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.acceptance.site import eventually

PROGRAMS = ("docker", "dockerd", "debootstrap", "iptables")
GATEWAY = "172.29.250.1"  # this machine, as containers reach it
_START_SECONDS = 60.0
_STOP_SECONDS = 120.0


def missing() -> list[str]:
    """Return what this machine lacks to run the trials, each with its remedy."""
    found = [f"{name}: apt-get install docker.io debootstrap" for name in PROGRAMS if not shutil.which(name)]
    if os.geteuid() != 0:
        found.append("root: an engine starts containers as root")
    if (
        not found
        and subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    ):
        found.append(
            "docker compose 2.24 or newer: copy docker-compose of Debian 13's package docker-compose "
            "into ~/.docker/cli-plugins"
        )
    return found


class Engine:
    """`environment` leads the docker command to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "dockerd.log"
        self._socket = f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DOCKER_HOST": self._socket}

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        places = {"data-root": "data", "exec-root": "exec", "pidfile": "docker.pid"}
        options = [f"--{name}={self.folder / place}" for name, place in places.items()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["dockerd", *options, f"--host={self._socket}", f"--bip={GATEWAY}/24"],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        eventually(self._answers, _START_SECONDS)

    def stop(self) -> None:
        """Stop it as a service manager does. It stops its containers."""
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(_STOP_SECONDS)
            self._process = None

    def docker(self, *words: str, stdin: bytes | None = None, seconds: float = 300.0) -> str:
        """Return what a docker command prints."""
        ran = subprocess.run(
            ["docker", *words],
            env=self.environment,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=seconds,
        )
        assert ran.returncode == 0, f"docker {' '.join(words)}: {ran.stderr.decode()}"
        return ran.stdout.decode()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"dockerd ended: see {self.log}"
        return (
            subprocess.run(
                ["docker", "info"], env=self.environment, capture_output=True, check=False
            ).returncode
            == 0
        )
