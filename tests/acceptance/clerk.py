"""A clerk at a site: she runs `pec` in her folder, and reads what really left."""

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.acceptance.site import Site

SECONDS = 60


class Clerk:
    """Runs commands as processes. Her spreadsheet is `soci.csv`, her letter `lettera.html`."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder = site, folder
        self.letter("<p>Gentile {nome}</p>")

    def letter(self, text: str) -> None:
        (self.folder / "lettera.html").write_text(text, encoding="utf-8")

    def sheet(self, rows: Sequence[Sequence[str]]) -> None:
        with (self.folder / "soci.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows(rows)

    def starts(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *arguments],
            env={**os.environ, **self.site.settings, **environment},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def pec(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        process = self.starts(*arguments, **environment)
        out, err = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def import_arguments(self, *options: str) -> list[str]:
        asked = ("--account", "acme", "--subject", "Avviso per {nome}", "--body", "lettera.html")
        return ["import", "soci.csv", *asked, *options]

    def imports(self, *options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return self.pec(*self.import_arguments(*options), **environment)

    def imports_for_programs(self, *options: str) -> dict[str, Any]:
        ran = self.imports(*options, "--json")
        assert ran.returncode == 0, ran.stderr
        found: dict[str, Any] = json.loads(ran.stdout)
        return found

    def received(self) -> Counter[str]:
        """How many messages really left to each recipient, by what stands before the @."""
        return Counter(sent["recipients"][0].partition("@")[0] for sent in self.site.sent())
