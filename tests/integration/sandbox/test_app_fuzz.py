"""The sandbox's HTTP under whatever its own description allows: Schemathesis makes the requests."""

import subprocess
import sys
from pathlib import Path

from tests.integration.sandbox.serving import AT_ONCE, DEADLINE_SECONDS, SENDER, TOKEN, started

# Not that each status is documented: the vendor documents no 400 for GET /inbox, and a page that is no number gets one.
CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance"
CREDENTIALS = (f"Authorization: Bearer {TOKEN}", f"x-username: {SENDER}", "x-password: password")
NO_HTTP = "Invalid HTTP request received.\n"  # uvicorn's answer to what is none, such as a header with a NUL


def test_no_request_that_its_description_allows_breaks_it(tmp_path: Path) -> None:
    with started("--port", "0", *AT_ONCE) as sandbox:
        assert sandbox.stdout is not None
        url = sandbox.stdout.readline().strip()
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--checks", CHECKS]
        command += ["--phases", "examples,fuzzing", "--max-examples", "40", "--seed", "1"]
        command += [part for header in CREDENTIALS for part in ("--header", header)]
        fuzzed = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        sandbox.terminate()
        _, stderr = sandbox.communicate(timeout=DEADLINE_SECONDS)

    assert fuzzed.returncode == 0, fuzzed.stdout
    assert "Tested: 7" in fuzzed.stdout
    assert stderr.replace(NO_HTTP, "") == ""
