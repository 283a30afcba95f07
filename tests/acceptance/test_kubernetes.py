"""deploy/kubernetes/ in action: the worker's own command, probes and preStop, run as processes."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from redis import Redis

from tests.acceptance.image import Image
from tests.acceptance.site import PASSWORD, TOKEN, Site, eventually, site
from tests.unit.deploy.compose import settings_file
from tests.unit.deploy.kubernetes import FOLDER, SECRETS, environment, one
from tests.wire import free_port

POD = one("base", "Deployment", "pec-worker")["spec"]["template"]["spec"]
[WORKER] = POD["containers"]


class Pod:
    """The worker's container: its variables and secrets as files, of which addresses and ports are translated."""

    def __init__(self, image: Image, at: Site, folder: Path, redis_url: str) -> None:
        self._port = free_port()
        self._program = image.programs
        self._folder = folder
        secrets = {"redis_url": redis_url, "api_token": TOKEN, "acme_password": PASSWORD, "endpoints": "[]"}
        for name, value in secrets.items():
            (folder / name).write_text(f"{value}\n", encoding="utf-8")
            (folder / name).chmod(0o440)
        self._environment = {
            "PATH": f"{image.programs}{os.pathsep}{os.defpath}",
            **settings_file(FOLDER / "demo" / "pec.env"),
            **{name: self._translated(value) for name, value in environment(WORKER).items()},
            "PEC_REDIS_REPLICAS": "0",  # one server here
            "PEC_API__URL": at.sandbox_url,
            "PEC_ACCOUNTS__ACME__USERNAME": "acme",
        }

    @contextmanager
    def running(self) -> Iterator["subprocess.Popen[bytes]"]:
        """The container's command, started as the kubelet does."""
        with (self._folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(self._program / "pec"), *WORKER["args"]],
                env=self._environment,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def probe(self, name: str) -> bool:
        """Ask as the kubelet does."""
        found = WORKER[f"{name}Probe"]
        [port] = [
            port["containerPort"] for port in WORKER["ports"] if port["name"] == found["httpGet"]["port"]
        ]
        assert environment(WORKER)["PEC_METRICS_ADDRESS"].endswith(f":{port}")
        url = f"http://127.0.0.1:{self._port}{found['httpGet']['path']}"
        try:
            return bool(requests.get(url, timeout=found.get("timeoutSeconds", 1)).ok)
        except requests.RequestException:
            return False

    def pre_stop(self) -> int:
        command = WORKER["lifecycle"]["preStop"]["exec"]["command"]
        return subprocess.run(command, env=self._environment, check=False, timeout=60).returncode

    def _translated(self, value: str) -> str:
        value = value.replace(SECRETS, f"{self._folder}/")
        return value.replace("0.0.0.0:9464", f"127.0.0.1:{self._port}")


@pytest.fixture
def at(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    with site(redis, redis_url, tmp_path) as found:
        yield found


def test_a_worker_starts_answers_its_probes_and_ends_in_time(
    image: Image, at: Site, redis_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "pod"
    folder.mkdir()
    pod = Pod(image, at, folder, redis_url)
    assert not pod.probe("startup")

    with pod.running() as process:
        started = WORKER["startupProbe"]
        eventually(lambda: pod.probe("startup"), started["periodSeconds"] * started["failureThreshold"])
        eventually(lambda: pod.probe("readiness"))
        assert pod.probe("liveness")
        at.add(id="m", recipient="consegna@pec.example", subject="Avviso")
        eventually(lambda: at.state("m") == "delivered", 60)

        began = time.monotonic()
        assert pod.pre_stop() == 0
        assert pod.probe("readiness"), "it works until the signal comes"
        process.send_signal(signal.SIGTERM)
        assert process.wait(POD["terminationGracePeriodSeconds"]) == 0
        assert time.monotonic() - began < POD["terminationGracePeriodSeconds"]
    assert not pod.probe("liveness")


def test_a_worker_without_redis_is_alive_but_not_ready(image: Image, at: Site, tmp_path: Path) -> None:
    folder = tmp_path / "pod"
    folder.mkdir()
    pod = Pod(image, at, folder, f"redis://127.0.0.1:{free_port()}/0")

    with pod.running():
        eventually(lambda: pod.probe("startup"), 60)
        assert pod.probe("liveness")
        assert not pod.probe("readiness")
