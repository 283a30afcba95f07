"""Exports and `pec receipts` of messages whose receipts have their texts in archived originals."""

import json
from pathlib import Path
from typing import Any

import pytest

from archive.vault import EML, Vault
from archive.vault.vault import path_of
from cli.errors import Exit
from pec.content import sha256
from pec.store.store import Store
from tests.integration.cli.commands import originals
from tests.integration.cli.commands.originals import Delivered, read, signed, sums_hold
from tests.integration.commands import Pec
from tests.signing import ACCEPTED, DELIVERED

settings, vault, delivered = originals.settings, originals.vault, originals.delivered


def test_the_folder_of_proof_is_the_same_whether_redis_has_the_texts_or_the_originals(
    pec: Pec, store: Store, delivered: Delivered, tmp_path: Path
) -> None:
    delivered("inv-1")
    key = store.keys.receipts("inv-1")
    new: Any = store.client.hgetall(key)
    assert pec("export", "--all", "--receipts", str(tmp_path / "new"), "--json").code == Exit.DONE
    for name, value in new.items():
        receipt = json.loads(value)
        kind = DELIVERED if receipt["kind"] == DELIVERED.kind else ACCEPTED
        store.client.hset(key, name, json.dumps({**receipt, "text": kind.text}))

    assert pec("export", "--all", "--receipts", str(tmp_path / "old"), "--json").code == Exit.DONE

    assert b'"text":null' in b"".join(new.values())
    files = [files_of(tmp_path / name) for name in ("old", "new")]
    assert files[0] == files[1]
    assert any(path.endswith(".txt") for path in files[0])


@pytest.mark.parametrize("lost", [True, False])
def test_an_export_into_the_same_folder_keeps_the_originals_that_the_archive_lost_since(
    pec: Pec, delivered: Delivered, tmp_path: Path, lost: bool
) -> None:
    delivered("inv-1")
    proof = tmp_path / "proof"
    assert pec("export", "--all", "--receipts", str(proof)).code == Exit.DONE
    before = files_of(proof)
    for raw in (signed(ACCEPTED, None), signed(DELIVERED)):
        archived = tmp_path / "archive" / path_of(sha256(raw), EML)
        archived.unlink() if lost else archived.write_bytes(b"other")

    assert pec("export", "--all", "--receipts", str(proof)).code == Exit.DONE

    assert files_of(proof) == before
    assert (proof / "inv-1/receipts/02-avvenuta-consegna.eml").read_bytes() == signed(DELIVERED)
    assert read(proof / "inv-1/receipts/02-avvenuta-consegna.json")["text"] == DELIVERED.text
    assert "missing" not in read(proof / "inv-1/message.json")
    listed = {line[66:] for line in (proof / "SHA256SUMS").read_text(encoding="utf-8").splitlines()}
    assert {path for path in before if "/receipts/" in path} <= listed
    assert sums_hold(proof)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder of proof, without what says when the message was exported."""
    paths = [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("SHA256SUMS", "message.json")
    ]
    receipts = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    [record] = folder.rglob("message.json")
    return receipts | {"receipts": json.dumps(read(record)["receipts"]).encode()}


def test_lines_and_texts_of_receipts_say_what_the_originals_do_or_why_not(
    pec: Pec, delivered: Delivered, vault: Vault, tmp_path: Path
) -> None:
    delivered("inv-1")
    texts = [ACCEPTED.text, DELIVERED.text]

    [line] = pec("export", "--all", "--json").lines
    shown = pec("receipts", "inv-1", "--json").lines
    printed = pec("receipts", "inv-1", "--text").out
    lost = tmp_path / "archive" / path_of(sha256(signed(DELIVERED)), EML)
    lost.unlink()
    ran = pec("export", "--all", "--json")
    [after] = ran.lines
    both = pec("export", "--all", "--json", "--receipts", str(tmp_path / "proof"))

    assert [one["text"] for one in line["receipts"]] == texts
    assert [one["text"] for one in shown] == texts
    assert all(text in printed for text in texts)
    assert [one["text"] for one in after["receipts"]] == [texts[0], None]
    assert "does not hold" in after["receipts"][1]["text_missing"]
    for one in (ran, both):
        assert (one.code, "content of 1 message is missing (inv-1)" in one.err) == (Exit.UNEXPECTED, True)
    assert "does not hold" in pec("receipts", "inv-1", "--json").lines[1]["text_missing"]
    assert "does not hold" in pec("receipts", "inv-1", "--text").out
