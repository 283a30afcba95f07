"""The examples of docs/gateway.md run as they stand there, and enqueue what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from producers import Producer
from tests.integration.producers.gateway.serving import ROOT, Served
from tests.integration.producing import jobs_in

PAGE = (ROOT / "docs" / "gateway.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^```(sh|python)\n(.*?)^```", PAGE.partition("### Examples\n")[2].partition("\n#")[0], re.M | re.S
)


@pytest.mark.parametrize(("language", "code"), EXAMPLES, ids=[language for language, _ in EXAMPLES])
def test_an_example_sends_its_message(
    gateway: Served, producer: Producer, tmp_path: Path, language: str, code: str
) -> None:
    (tmp_path / "fattura-1.pdf").write_bytes(b"%PDF-1.4 a file")
    environment = {
        **os.environ,
        "GATEWAY": gateway.url,
        "TOKEN": gateway.token,
        "NO_PROXY": "*",
        "no_proxy": "*",
    }
    program = ["sh", "-e", "-c", code] if language == "sh" else [sys.executable, "-c", code]

    ran = subprocess.run(
        program, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert ran.returncode == 0, ran.stderr
    [job] = jobs_in(producer)
    assert job["id"].startswith("acme:")
    assert job["attachments"][0]["name"] == "fattura-1.pdf"
    assert "pending" in ran.stdout


def test_the_page_has_an_example_for_the_shell_and_for_python() -> None:
    assert [language for language, _ in EXAMPLES] == ["sh", "python"]
