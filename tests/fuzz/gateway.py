"""Both surfaces of the HTTP gateway, by their own descriptions: `python -m tests.fuzz.gateway --seconds 600 --seed 1`.

Schemathesis makes the requests, good and bad ones, and follows the links between operations. Gateway, worker, sandbox
and Redis are real. No answer may be a server error, or be other than described.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.redis_connection import connect
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.integration.producers.gateway.serving import (
    ACCOUNT,
    MAILBOX,
    PASSWORD,
    ROOT,
    SENDER,
    USERNAME,
    Served,
    serving,
)
from tests.integration.sandbox.serving import AT_ONCE
from tests.integration.sandbox.serving import serving as serving_sandbox

CHECKS = (
    "not_a_server_error",
    "response_schema_conformance",
    "response_headers_conformance",
    "content_type_conformance",
    "status_code_conformance",
    "ignored_auth",
    "use_after_free",
)
SANDBOX = (*AT_ONCE, "--token", ACCOUNT["PEC_API__TOKEN"], "--mailbox", f"{SENDER}:{USERNAME}:{PASSWORD}")
SURFACES = {"v1": "/v1/openapi.json", "vendor": "/openapi.json"}
ENDLESS = ("--exclude-path", "/v1/events/stream")


def fuzz(
    gateway: Served, surface: str, folder: Path, *options: str, seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run Schemathesis on a surface. It exits with 0 if it found nothing."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", gateway.url + SURFACES[surface], *options]
    command += ["--checks", ",".join(CHECKS), *(ENDLESS if surface == "v1" else ())]
    headers = {"Authorization": f"Bearer {gateway.token}", **(MAILBOX if surface == "vendor" else {})}
    command += [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.fuzz.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **hooks},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@contextmanager
def _worker(redis_url: str, environment: Mapping[str, str]) -> Iterator[None]:
    """Let a worker send what is accepted, so that there are receipts, proof and events."""
    settings = {**os.environ, **ACCOUNT, **environment, "PEC_REDIS_URL": redis_url}
    settings |= {"PEC_RECEIPTS__BACKOFF_SECONDS": "[0.5, 1]"}
    command = [sys.executable, "-m", "workers", "--processes", "1"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=300, help="for each surface")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--surface", choices=SURFACES, action="append")
    options = parser.parse_args(arguments)
    found = 0
    with (
        tempfile.TemporaryDirectory() as place,
        EmbeddedServer() as server,
        connect(server.url) as client,
        serving_sandbox(*SANDBOX) as sandbox,
    ):
        environment = {"PEC_API__URL": sandbox.url, "PEC_API__RATE": "100", "PEC_API__READ_RATE": "1000"}
        with (
            serving(Store(client, "pec"), server.url, environment=environment) as gateway,
            _worker(server.url, environment),
        ):
            for surface in options.surface or SURFACES:
                limits = ["--max-time", str(options.seconds), "--seed", str(options.seed), "--workers", "1"]
                done = fuzz(gateway, surface, Path(place), *limits, seconds=options.seconds * 2 + 60)
                sys.stdout.write(done.stdout + done.stderr)
                sys.stdout.flush()
                found += done.returncode
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
