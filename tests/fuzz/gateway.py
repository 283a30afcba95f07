"""Both surfaces of the HTTP gateway, by their own descriptions: `python -m tests.fuzz.gateway --seconds 600 --seed 1`.

Schemathesis makes the requests, good and bad ones, and follows the links between operations. Gateway, worker, sandbox
and Redis are real, and receipts are read by IMAP as they were signed. Many requests name messages that are delivered.
No answer may be a server error, or be other than described.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

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
from tests.integration.sandbox.serving import AT_ONCE, serving_imap, wait_until

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
DELIVERED = "PEC_FUZZ_DELIVERED"
_PEC = {"subject": "Diffida", "body": "<p>Salve</p>"}
_OPENED = {"sender": SENDER, "username": USERNAME, "password": PASSWORD}
_MESSAGES = 4
_BATCH = "acme:fuzz"
ENDLESS = ("--exclude-path", "/v1/events/stream")


def fuzz(
    gateway: Served,
    surface: str,
    folder: Path,
    *options: str,
    seconds: float,
    delivered: Mapping[str, Sequence[str]] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run Schemathesis on a surface. It exits with 0 if it found nothing. `delivered`: what many requests name."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", gateway.url + SURFACES[surface], *options]
    command += ["--checks", ",".join(CHECKS), *(ENDLESS if surface == "v1" else ())]
    headers = {"Authorization": f"Bearer {gateway.token}", **(MAILBOX if surface == "vendor" else {})}
    command += [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.fuzz.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    hooks[DELIVERED] = json.dumps(delivered or {})
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **hooks},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def deliver(gateway: Served) -> dict[str, list[str]]:
    """Send by both doors, and return the ids, codes and originals once all receipts are there as they were signed."""
    sent = [
        gateway.call("POST", "/send", json={**_PEC, "recipient": name, **_OPENED}).json()
        for name in ("consegna@pec.example", ["consegna+1@pec.example", "mancata-consegna@pec.example"])
    ]
    stated = {**_PEC, "account": "acme", "id": "fuzz", "batch": "fuzz", "recipient": "preavviso@pec.example"}
    assert gateway.call("POST", "/v1/messages", json=stated).status_code == 202

    def found() -> dict[str, list[str]] | None:
        ids = [one["id"] for one in gateway.call("GET", "/v1/messages").json()["messages"]]
        receipts = [
            receipt
            for one in ids
            for receipt in gateway.call("GET", f"/v1/messages/{quote(one)}/receipts").json()["receipts"]
        ]
        originals = [one["original"]["sha256"] for one in receipts if "original" in one]
        if len(ids) < _MESSAGES or len(originals) < 2 * _MESSAGES:
            return None
        return {
            "id": [*map(quote, ids)],
            "code": [one["message_id"] for one in sent],
            "sha256": originals,
            "name": [_BATCH],
        }

    delivered: dict[str, list[str]] = wait_until(found)
    return delivered


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
        serving_imap(Path(place), *SANDBOX) as sandbox,
    ):
        environment = {"PEC_API__URL": sandbox.url, "PEC_API__RATE": "100", "PEC_API__READ_RATE": "1000"}
        environment |= {"PEC_ARCHIVE__URL": f"{place}/archive", "PEC_ARCHIVE__ANCHORS": str(sandbox.anchors)}
        imap = {"HOST": "127.0.0.1", "PORT": str(sandbox.imap_port), "TLS": "false"}
        environment |= {f"PEC_ACCOUNTS__ACME__IMAP__{name}": value for name, value in imap.items()}
        with (
            serving(Store(client, "pec"), server.url, environment=environment) as gateway,
            _worker(server.url, environment),
        ):
            delivered = deliver(gateway)
            for surface in options.surface or SURFACES:
                limits = ["--max-time", str(options.seconds), "--seed", str(options.seed), "--workers", "1"]
                done = fuzz(
                    gateway,
                    surface,
                    Path(place),
                    *limits,
                    seconds=options.seconds * 2 + 60,
                    delivered=delivered,
                )
                sys.stdout.write(done.stdout + done.stderr)
                sys.stdout.flush()
                found += done.returncode
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
