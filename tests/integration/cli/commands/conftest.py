"""Fixtures for commands: an import of rows, a batch that ended, and a held message."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pec.names import State
from pec.receipts import Kind
from producers import Producer
from tests.integration.archive.receiving import receipt, received
from tests.integration.cli.commands.importing_rows import Import
from tests.integration.commands import Pec, Ran
from tests.integration.producers.campaigns.spreadsheets import csv_ansi
from tests.integration.producing import AWKWARD_SUBJECT, SEND, Settle, TakeJobs, to


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


@pytest.fixture
def held(producer: Producer, take_jobs: TakeJobs, change: Settle) -> str:
    """Return the id of a held message."""
    producer.send("inv-1", **SEND)
    take_jobs()
    return change("inv-1", to(State.HELD)).id


@pytest.fixture
def batch(producer: Producer, take_jobs: TakeJobs, change: Settle) -> list[str]:
    """`november`: one delivered, one undelivered, one queued; and a message besides."""
    ids = ["c", "a", "b"]
    for one in ids:
        producer.send(
            one, **{**SEND, "subject": AWKWARD_SUBJECT}, batch="november", metadata={"città": "Forlì"}
        )
    producer.send("other", **SEND)
    take_jobs()
    change("c", received(State.DELIVERED, receipt(Kind.ACCETTAZIONE), receipt(Kind.CONSEGNA)))
    failure = receipt(Kind.MANCATA_CONSEGNA, error="5.1.1")
    change("a", received(State.UNDELIVERED, receipt(Kind.ACCETTAZIONE), failure))
    return ids
