"""Libraries are imported without what no worker asks of them, and that stays importable."""

import json
import subprocess
import sys

LOADED = """
import json, sys
import workers.build

loaded = sorted({"rich", "opentelemetry", "charset_normalizer", "structlog", "redis", "requests"} & set(sys.modules))
import rich.console
print(json.dumps([loaded, "rich" in sys.modules]))
"""


def test_a_worker_spares_rich_and_opentelemetry_and_can_import_them_later() -> None:
    command = [sys.executable, "-c", LOADED]
    shown = subprocess.run(command, env={"PATH": ""}, capture_output=True, text=True, check=True)

    assert shown.stderr == ""
    assert json.loads(shown.stdout) == [["redis", "requests", "structlog"], True]
