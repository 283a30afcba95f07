"""Both descriptions of the gateway convert into Postman collections: each operation, without a warning."""

import json
import subprocess
from pathlib import Path
from typing import Any

from pec.api import vendor_description
from producers.gateway.v1 import description
from producers.gateway.v1.routes import router as v1
from producers.gateway.vendor.routes import router as vendor
from tests.acceptance.programs import npm_installed, program

METHODS = {"get", "put", "post", "delete", "head"}


def test_both_descriptions_become_collections(tmp_path: Path) -> None:
    described = {
        "v1": description.description(list(v1.routes)),
        "vendor": vendor_description.description(vendor.routes, "PEC Massiva", "seven operations"),
    }
    for name, found in described.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(found), encoding="utf-8")
    folder = npm_installed(Path(__file__).parent / "postman", tmp_path / "postman")
    command = [program("node", in_ci=True), "convert.mjs", *(f"{tmp_path}/{name}.json" for name in described)]

    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    converted = [json.loads(line) for line in done.stdout.splitlines()]
    for found, one in zip(described.values(), converted, strict=True):
        assert (one["valid"], one["result"], one["said"]) == (True, True, {})
        assert len(one["requests"]) == len(operations(found))


def operations(description: dict[str, Any]) -> list[tuple[str, str]]:
    return [(path, one) for path, methods in description["paths"].items() for one in METHODS & methods.keys()]
