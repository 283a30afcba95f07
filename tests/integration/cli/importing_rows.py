"""Importing rows, for the tests of `pec import`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from producers import Producer
from tests.integration.cli.conftest import Pec, Ran
from tests.integration.producers.campaigns.spreadsheets import csv_ansi
from tests.integration.producers.test_producer import jobs_in

Import = Callable[..., Ran]
HEADER = ["Nome", "PEC", "Importo"]
ROWS = [HEADER, ["Nicolò", "n@pec.example.it", "1,50"], ["Zoë & C.", "Z@pec.example.it", "2,00"]]


@pytest.fixture
def import_rows(pec: Pec, tmp_path: Path) -> Import:
    """Imports these rows with a subject and a body that use name and amount."""
    (tmp_path / "body.html").write_text("<p>Gentile {nome}: {importo} €</p>", encoding="utf-8")

    def imported(rows: Sequence[Sequence[Any]] | Path, *options: str, body: str = "body.html") -> Ran:
        file = rows if isinstance(rows, Path) else csv_ansi(tmp_path, rows)
        asked = ("--account", "acme", "--body", str(tmp_path / body))
        subject = () if "--subject" in options else ("--subject", "Avviso per {Nome}")
        return pec("import", str(file), *asked, *subject, *options)

    return imported


def sends(producer: Producer) -> list[dict[str, Any]]:
    return [job for job in jobs_in(producer) if job["type"] == "send"]
