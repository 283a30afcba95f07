"""/v1 under whatever its own description allows, and more: Schemathesis makes the requests, and follows links."""

import subprocess
import sys
from pathlib import Path

from tests.integration.producers.gateway.serving import Served

CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance,status_code_conformance"


def test_no_request_breaks_it(gateway: Served, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{gateway.url}/v1/openapi.json"]
    command += [
        "--checks",
        CHECKS,
        "--phases",
        "examples,fuzzing,stateful",
        "--max-examples",
        "8",
        "--seed",
        "1",
    ]
    command += ["--exclude-path", "/v1/events/stream"]  # it does not end
    command += ["--header", f"Authorization: Bearer {gateway.token}", "--workers", "2"]

    fuzzed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=150, check=False)

    assert fuzzed.returncode == 0, fuzzed.stdout
    assert "Stateful" in fuzzed.stdout
    assert gateway.call("GET", "/health/live").status_code == 200
