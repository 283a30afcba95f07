"""The index of a bundle: a row for each document, with the fields that conservators ask for; as CSV and as JSON."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from archive.atomic_files import atomic_write
from archive.bundle.evidence import Evidence
from archive.judged import Judged, as_dict
from archive.table import MARK, line_of
from pec.content import sha256
from pec.instants import to_text
from pec.messages import Message

CSV, JSON = "index.csv", "index.json"
FIELDS = (
    *("file", "sha256", "size", "document", "verdict", "id", "batch", "state", "sender", "recipients"),
    *("subject", "identificativo", "message_id", "provider", "signer", "dated_at", "signed_at"),
)


class Index:
    """Written as the bundle grows; only one row is held."""

    def __init__(self, table: BinaryIO, rows: BinaryIO) -> None:
        self._table, self._rows = table, rows
        self._first = True
        self._table.write(MARK + line_of(FIELDS))
        self._rows.write(b"[")

    def add(self, evidence: Evidence, folder: str, place: Path) -> None:
        """Add the documents of a message, whose folder has this name in the bundle."""
        message = evidence.case.message
        for judged in evidence.receipts:
            self._write(
                {**_of_message(message), **_of_receipt(judged), "file": f"{folder}/{judged.file.as_posix()}"}
            )
        body = ["body.html"] if (place / "body.html").is_file() else []
        for file in (*body, *evidence.sent):
            self._write({**_of_message(message), **_of_file(place / file), "file": f"{folder}/{file}"})
        if not evidence.receipts:  # texts only, or nothing came: the record says so
            self._write(
                {**_of_message(message), **_of_file(place / "message.json"), "file": f"{folder}/message.json"}
                | {"document": "record"}
            )

    def end(self) -> None:
        self._rows.write(b"\n]\n")

    def _write(self, row: dict[str, Any]) -> None:
        ordered = {name: row.get(name) for name in FIELDS}
        self._table.write(line_of(ordered.values()))
        self._rows.write(b"\n" if self._first else b",\n")
        self._rows.write(json.dumps(ordered, ensure_ascii=False).encode("utf-8", "backslashreplace"))
        self._first = False


@contextmanager
def opened(folder: Path) -> Iterator[Index]:
    """Yield the index of a folder. Both files take their place in the end, whole or not at all. Raise OSError."""
    with ExitStack() as stack:
        table = stack.enter_context(atomic_write(folder / CSV))
        rows = stack.enter_context(atomic_write(folder / JSON))
        index = Index(table, rows)
        yield index
        index.end()


def _of_message(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "batch": message.batch,
        "state": str(message.state),
        "recipients": ", ".join(message.recipients),
        "subject": message.sent_subject,
    }


def _of_receipt(judged: Judged) -> dict[str, Any]:
    found, facts = judged.found, judged.found.daticert
    known = as_dict(judged)
    row: dict[str, Any] = {"sha256": found.sha256, "size": found.size, "document": "receipt"}
    row |= {"verdict": known["verdict"], "signer": known["signer"], "signed_at": known["signed_at"]}
    if facts:
        about = [facts.delivered_to] if facts.delivered_to else [one.address for one in facts.recipients]
        row |= {"document": facts.kind, "sender": facts.sender, "recipients": ", ".join(about)}
        row |= {"subject": facts.subject, "identificativo": facts.identificativo, "provider": facts.provider}
        row |= {"message_id": facts.message_id, "dated_at": facts.dated_at and to_text(facts.dated_at)}
    return row


def _of_file(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {
        "sha256": sha256(data),
        "size": len(data),
        "document": "body" if path.name == "body.html" else "attachment",
    }
