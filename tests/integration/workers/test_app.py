"""The composition root of a worker process."""

import subprocess
import sys

import pytest

SHOW = "from workers.app import broker; print(broker.namespace)"


@pytest.mark.parametrize(("namespace", "hints"), [("pec", "dramatiq"), ("other", "dramatiq:other")])
def test_namespaces_on_one_server_take_none_of_each_others_hints(
    redis_url: str, namespace: str, hints: str
) -> None:
    variables = {"PEC_REDIS_URL": redis_url, "PEC_NAMESPACE": namespace, "PATH": ""}
    shown = subprocess.run(
        [sys.executable, "-c", SHOW], env=variables, capture_output=True, text=True, timeout=60, check=True
    )

    assert shown.stdout.strip() == hints
