"""`pec proof`: bundles of signed originals, judged, with everything that goes wrong with them."""

import csv
import html
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from archive.certified import receipt_of
from archive.vault import EML
from archive.vault.vault import path_of
from cli.errors import Exit
from pec.content import sha256
from pec.names import Proof, Queue, State
from pec.store import heartbeat, records
from pec.store.store import Store
from tests.integration.archive.receiving import received
from tests.integration.cli.commands import originals
from tests.integration.cli.commands.originals import CODE, Delivered, read, signed, sums_hold
from tests.integration.commands import Pec
from tests.integration.producing import Settle, meanwhile
from tests.signing import ACCEPTED, DELIVERED, verified
from tests.wire import eventually

settings, vault, delivered = originals.settings, originals.vault, originals.delivered


def test_a_bundle_holds_the_originals_their_verdicts_and_what_was_sent(
    pec: Pec, delivered: Delivered, tmp_path: Path
) -> None:
    delivered("inv-1")
    place = tmp_path / "proof"

    ran = pec("proof", "inv-1", "--output", str(place))

    assert ran.code == Exit.DONE, ran.err
    own = place / "inv-1"
    files = sorted(path.relative_to(own).as_posix() for path in own.rglob("*") if path.is_file())
    chain = [file for file in files if file.startswith("chain/")]
    assert len(chain) == 3
    assert [file for file in files if file not in chain] == [
        "attachments/fattura.pdf",
        "body.html",
        "message.json",
        "proof.html",
        "receipts/01-accettazione-daticert.xml",
        "receipts/01-accettazione.eml",
        "receipts/01-accettazione.json",
        "receipts/01-accettazione.txt",
        "receipts/02-avvenuta-consegna-daticert.xml",
        "receipts/02-avvenuta-consegna.eml",
        "receipts/02-avvenuta-consegna.json",
        "receipts/02-avvenuta-consegna.txt",
        "verification.json",
    ]
    assert (own / "receipts/02-avvenuta-consegna.eml").read_bytes() == signed(DELIVERED)
    assert (own / "receipts/02-avvenuta-consegna-daticert.xml").read_bytes().startswith(b"<?xml")
    stated = read(own / "verification.json")
    assert [one["verdict"] for one in stated["receipts"]] == ["verified", "verified"]
    assert stated["receipts"][1]["revocation"] == "not checked"
    assert stated["attachments"] == [
        {
            "file": "attachments/fattura.pdf",
            "receipts": [
                {"file": "receipts/01-accettazione.eml", "match": "no_content", "equal": False},
                {"file": "receipts/02-avvenuta-consegna.eml", "match": "equal", "equal": True},
            ],
        }
    ]
    assert sums_hold(place)


def test_the_index_lists_each_document_for_a_conservator(
    pec: Pec, delivered: Delivered, tmp_path: Path
) -> None:
    delivered("inv-1")
    delivered("inv-2")

    assert pec("proof", "--batch", "b", "--output", str(tmp_path / "proof")).code == Exit.DONE

    rows = read(tmp_path / "proof/index.json")
    with (tmp_path / "proof/index.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file, delimiter=";"))
    assert len(rows) == len(table) == 8
    assert [row["file"] for row in table] == [row["file"] for row in rows]
    [row] = [one for one in rows if one["file"] == "inv-2/receipts/02-avvenuta-consegna.eml"]
    assert row == {
        "file": "inv-2/receipts/02-avvenuta-consegna.eml",
        "sha256": sha256(signed(DELIVERED)),
        "size": len(signed(DELIVERED)),
        "document": "avvenuta-consegna",
        "verdict": "verified",
        "id": "inv-2",
        "batch": "b",
        "state": "delivered",
        "sender": "acme@pec.example",
        "recipients": "mario@pec.example",
        "subject": f"Fattura {CODE}",
        "identificativo": DELIVERED.identificativo,
        "message_id": "<1@acme.example>",
        "provider": "Sandbox PEC S.p.A.",
        "signer": "posta-certificata@pec.example",
        "dated_at": "2026-11-20T09:30:00.000Z",
        "signed_at": "2026-11-20T09:30:00+00:00",
    }
    for one in rows:
        assert sha256((tmp_path / "proof" / one["file"]).read_bytes()) == one["sha256"]


@pytest.mark.parametrize(
    ("language", "said"), [("it_IT.UTF-8", "Aiuto alla lettura"), ("C.UTF-8", "Reading aid")]
)
def test_the_page_says_that_it_is_a_reading_aid(
    pec: Pec, delivered: Delivered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    delivered("inv-1")
    monkeypatch.setenv("LC_ALL", language)

    pec("proof", "inv-1", "--output", str(tmp_path / "proof"))

    page = (tmp_path / "proof/inv-1/proof.html").read_text(encoding="utf-8")
    assert said in page
    assert f'<html lang="{language[:2] if language != "C.UTF-8" else "en"}">' in page
    assert DELIVERED.identificativo in page


def test_a_zip_holds_the_same_and_leaves_nothing_beside_it(
    pec: Pec, delivered: Delivered, tmp_path: Path
) -> None:
    delivered("inv-1")
    target = tmp_path / "out" / "november.zip"
    target.parent.mkdir()

    assert pec("proof", "inv-1", "--output", str(target)).code == Exit.DONE

    assert list(target.parent.iterdir()) == [target]
    with zipfile.ZipFile(target) as bundle:
        bundle.extractall(tmp_path / "unpacked")
    assert sums_hold(tmp_path / "unpacked/november")
    ran = pec("verify", str(target), "--json")
    assert ran.code == Exit.DONE, ran.err
    assert ran.lines[1]["file"] == f"{target}/inv-1/receipts/02-avvenuta-consegna.eml"


def test_a_zip_that_was_cut_is_refused(pec: Pec, tmp_path: Path) -> None:
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04 and no more")

    ran = pec("verify", str(tmp_path / "cut.zip"))

    assert ran.code == Exit.USAGE
    assert "can't be unpacked" in ran.err


def test_pec_verify_judges_a_bundle_and_finds_what_was_changed(
    pec: Pec, delivered: Delivered, tmp_path: Path
) -> None:
    delivered("inv-1")
    place = tmp_path / "proof"
    pec("proof", "inv-1", "--output", str(place))
    (place / "inv-1/attachments/reply.eml").write_bytes(b"From: a\r\n\r\nno receipt")
    assert pec("verify", str(place)).code == Exit.DONE
    assert pec("verify", str(place / "inv-1")).code == Exit.DONE

    (place / "inv-1/attachments/fattura.pdf").write_bytes(b"another")
    ran = pec("verify", str(place))

    assert ran.code == Exit.UNVERIFIED
    assert "fattura.pdf is missing, or not as SHA256SUMS has it" in ran.err


def test_a_message_without_its_originals_is_named_and_the_rest_is_written(
    pec: Pec, delivered: Delivered, change: Settle, tmp_path: Path
) -> None:
    delivered("inv-1")
    delivered("inv-2", signed(ACCEPTED, None), proof=None)

    ran = pec("proof", "--batch", "b", "--output", str(tmp_path / "proof"), "--no-wait")

    assert ran.code == Exit.UNDELIVERED
    assert "inv-2: avvenuta-consegna" in ran.err
    assert "inv-1:" not in ran.err
    assert read(tmp_path / "proof/inv-2/verification.json")["lacking"] == ["avvenuta-consegna"]
    assert (tmp_path / "proof/inv-1/receipts/02-avvenuta-consegna.eml").exists()


def test_a_message_with_its_originals_names_the_command_that_bundles_them(
    pec: Pec, delivered: Delivered
) -> None:
    delivered("inv-1")

    assert "complete, with signed originals: pec proof inv-1 --output DIR" in pec("status", "inv-1").out


@pytest.mark.parametrize("read_by_imap", [False, True])
def test_lacking_originals_of_a_mailbox_without_imap_have_that_remedy(
    pec: Pec, delivered: Delivered, store: Store, tmp_path: Path, read_by_imap: bool
) -> None:
    delivered("inv-1", proof=Proof.TEXTS, without_originals=True)
    if read_by_imap:
        store.client.hset(store.keys.imap("acme"), "began_at", "1796000000")

    ran = pec("proof", "inv-1", "--output", str(tmp_path / "proof"), "--no-wait")

    assert ran.code == Exit.UNDELIVERED
    remedy = "set PEC_ACCOUNTS__ACME__IMAP__HOST, PEC_ARCHIVE__URL and restart the workers"
    assert (remedy in ran.err) is not read_by_imap


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("it_IT.UTF-8", "Non c'è l'originale di nessuna ricevuta"),
        ("C.UTF-8", "There is no original of a receipt."),
    ],
)
def test_a_bundle_without_originals_says_so_and_is_not_verified(
    pec: Pec, delivered: Delivered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    delivered("inv-1", proof=Proof.TEXTS, without_originals=True)
    place = tmp_path / "proof"
    monkeypatch.setenv("LC_ALL", language)
    pec("proof", "inv-1", "--output", str(place), "--no-wait")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    ran = pec("verify", str(place))

    assert said in html.unescape((place / "inv-1/proof.html").read_text(encoding="utf-8"))
    assert ran.code == Exit.UNVERIFIED
    assert f"there is no signed original in {place}" in ran.err
    assert "SHA256SUMS" not in ran.err
    assert f"there is no signed original in {place / 'inv-1'}" in pec("verify", str(place / "inv-1")).err
    (place / "inv-1/body.html").write_text("changed")
    assert "body.html is missing, or not as SHA256SUMS has it" in pec("verify", str(place)).err


@pytest.mark.parametrize("altered", [True, False])
def test_an_original_that_the_archive_lost_or_altered_is_named(
    pec: Pec, delivered: Delivered, tmp_path: Path, altered: bool
) -> None:
    delivered("inv-1")
    place = tmp_path / "archive" / path_of(sha256(signed(DELIVERED)), EML)
    place.write_bytes(b"other") if altered else place.unlink()

    ran = pec("proof", "inv-1", "--output", str(tmp_path / "proof"))

    assert ran.code == Exit.UNEXPECTED
    assert "bytes of 1 message are missing (inv-1)" in ran.err
    [missing] = read(tmp_path / "proof/inv-1/message.json")["missing"]
    assert missing["file"] == "receipts/02-avvenuta-consegna.eml"
    assert ("was altered" if altered else "does not hold") in missing["why"]


def test_an_archive_that_is_away_ends_the_command_with_its_remedy(
    pec: Pec, delivered: Delivered, tmp_path: Path
) -> None:
    delivered("inv-1")
    (tmp_path / "archive").rename(tmp_path / "aside")

    ran = pec("proof", "inv-1", "--output", str(tmp_path / "proof"))

    assert ran.code == Exit.UNREACHABLE
    assert "mount it" in ran.err


def test_a_bundle_marks_nothing_as_exported_and_an_export_holds_the_originals_too(
    pec: Pec, delivered: Delivered, store: Store, tmp_path: Path
) -> None:
    delivered("inv-1")
    pec("proof", "inv-1", "--output", str(tmp_path / "proof"))
    assert not store.client.hexists("pec:message:inv-1", "exported_at")

    ran = pec("export", "inv-1", "--receipts", str(tmp_path / "export"))

    assert ran.code == Exit.DONE, ran.err
    assert (tmp_path / "export/inv-1/receipts/02-avvenuta-consegna.eml").read_bytes() == signed(DELIVERED)
    assert store.client.hexists("pec:message:inv-1", "exported_at")


def test_a_name_of_the_bundle_s_own_files_may_be_an_id(
    pec: Pec, delivered: Delivered, tmp_path: Path
) -> None:
    delivered("index.json")

    assert pec("proof", "index.json", "--output", str(tmp_path / "proof")).code == Exit.DONE

    assert (tmp_path / "proof/index.json~2/proof.html").exists()
    assert sums_hold(tmp_path / "proof")


def test_originals_that_imap_is_about_to_read_are_waited_for(
    pec: Pec, delivered: Delivered, store: Store, change: Settle, tmp_path: Path
) -> None:
    delivered("inv-1", proof=Proof.TEXTS, without_originals=True)
    heartbeat.beat(store, {"account": ["acme"], "queue": [str(Queue.CHECK)]}, 60)
    due = {"acme": store.now() + 20}
    store.client.zadd(store.keys.due(Queue.ARCHIVE), due)

    def read_mailbox() -> None:
        """Does what the reader does, once it is woken."""
        archive = store.keys.due(Queue.ARCHIVE)
        eventually(lambda: (store.client.zscore(archive, "acme") or 0) < due["acme"])
        found = [receipt_of(verified(raw)) for raw in (signed(ACCEPTED, None), signed(DELIVERED))]
        texts = tuple(records.receipts_of(store, "inv-1"))
        better = received(State.DELIVERED, *filter(None, found), proof=Proof.ORIGINALS)
        change("inv-1", lambda message: replace(better(message), superseded=texts))

    with meanwhile(read_mailbox):
        ran = pec("proof", "inv-1", "--output", str(tmp_path / "proof"))

    assert "waiting for receipts of 1 message" in ran.err
    assert ran.code == Exit.DONE, ran.err


def test_just_one_choice_is_made(pec: Pec, tmp_path: Path) -> None:
    assert pec("proof", "--output", str(tmp_path / "p")).code == Exit.USAGE
    assert pec("proof", "a", "--batch", "b", "--output", str(tmp_path / "p")).code == Exit.USAGE
