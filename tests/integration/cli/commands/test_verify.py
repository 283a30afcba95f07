"""`pec verify` over files and folders, as a person and a program use it. There is no Redis here."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from archive.bundle import unpacking
from cli import run
from cli.errors import Exit
from tests.integration.commands import Ran
from tests.signing import ACCEPTED, BOUNCED, DELIVERED, ENVELOPE, PDF, PROVIDER, authority, receipt

Verify = Callable[..., Ran]


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    file = tmp_path / "anchor.pem"
    file.write_bytes(authority().anchor)
    return file


@pytest.fixture
def verify(
    anchor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Verify:
    monkeypatch.setenv("PEC_ARCHIVE__ANCHORS", str(anchor))
    monkeypatch.setenv("PEC_REDIS_URL", "redis://127.0.0.1:1/0")  # where nothing listens
    monkeypatch.chdir(tmp_path)

    def ran(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(["verify", *arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return ran


@pytest.fixture
def delivered(tmp_path: Path) -> str:
    (tmp_path / "consegna.eml").write_bytes(receipt())
    return "consegna.eml"


def facts(ran: Ran) -> dict[str, str]:
    return {line[:19].split("  ")[0].strip(): line.split("  ", 1)[1].strip() for line in ran.out.splitlines()}


def folder(at: Path, **receipts: bytes) -> str:
    at.mkdir()
    for name, raw in receipts.items():
        (at / f"{name}.eml").write_bytes(raw)
    return at.name


def test_of_one_receipt_everything_is_shown(verify: Verify, delivered: str) -> None:
    ran = verify(delivered)

    assert ran.code == Exit.DONE
    assert ran.err == ""
    shown = facts(ran)
    assert shown["verdict"] == "verified"
    assert shown["receipt"] == "avvenuta-consegna"
    assert shown["identificativo"] == DELIVERED.identificativo
    assert shown["delivered to"] == "mario@pec.example"
    assert shown["signer"] == PROVIDER
    assert shown["signed at"] == "2026-11-20 10:30:00+01:00"
    assert shown["authority"] == "an anchor of yours"
    assert shown["revocation"] == "not checked"
    assert shown["holds (SHA-256)"].endswith("  fattura.pdf")


def test_a_program_reads_a_line_for_each_file(verify: Verify, delivered: str, tmp_path: Path) -> None:
    (tmp_path / "altered.eml").write_bytes(receipt().replace(b"In allegato", b"Non allego"))

    ran = verify(delivered, "altered.eml", "--json")

    assert ran.code == Exit.UNVERIFIED
    true, altered = ran.lines
    assert (true["verdict"], true["verified_receipt"], true["why"]) == ("verified", True, None)
    assert true["daticert"]["kind"] == "avvenuta-consegna"
    assert true["daticert"]["recipients"] == [{"address": "mario@pec.example", "type": "certificato"}]
    assert true["signed_at"] == "2026-11-20T09:30:00+00:00"
    assert [one["sha256"] for one in true["certificates"]] != []
    assert [one["name"] for one in true["content"]] == [None, "fattura.pdf"]
    assert (altered["verdict"], altered["why"], altered["daticert"]) == ("altered", "content_changed", None)


def test_of_a_folder_every_receipt_counts_at_any_depth(verify: Verify, tmp_path: Path) -> None:
    name = folder(tmp_path / "receipts", one=receipt(ACCEPTED), two=receipt())
    folder(tmp_path / "receipts" / "deeper", three=receipt(BOUNCED))
    (tmp_path / "receipts" / "FOUR.EML").write_bytes(receipt())
    (tmp_path / "receipts" / "notes.txt").write_text("no receipt")

    ran = verify(name)

    assert ran.code == Exit.DONE
    assert len(ran.out.splitlines()) == 5
    assert ran.err == "4 files: 4 verified\n"


def test_one_file_that_is_no_verified_receipt_is_enough_for_6(verify: Verify, tmp_path: Path) -> None:
    name = folder(tmp_path / "receipts", one=receipt(), two=receipt(ENVELOPE))

    ran = verify(name)

    assert ran.code == 6
    assert "2 files: 2 verified" in ran.err
    assert "receipts/two.eml is not a verified receipt: it is no receipt: it is the envelope" in ran.err


@pytest.mark.parametrize(
    ("made", "verdict", "words"),
    [
        (lambda: receipt(ENVELOPE), "verified", "the envelope of a PEC that came in"),
        (lambda: receipt()[:-500], "altered", "the file was cut"),
        (lambda: b"%PDF-1.4", "unsigned", "save the receipt as an .eml file"),
        (lambda: b"Subject: CONSEGNA: x\n\nciao", "unsigned", "take the original from the mailbox"),
    ],
)
def test_why_a_file_is_no_verified_receipt_is_said(
    verify: Verify, tmp_path: Path, made: Callable[[], bytes], verdict: str, words: str
) -> None:
    (tmp_path / "x.eml").write_bytes(made())

    ran = verify("x.eml")

    assert ran.code == Exit.UNVERIFIED
    assert facts(ran)["verdict"] == verdict
    assert words in facts(ran)["why"]
    assert words in ran.err


def test_without_anchors_a_receipt_of_the_sandbox_is_intact(
    verify: Verify, delivered: str, monkeypatch: pytest.MonkeyPatch, anchor: Path
) -> None:
    monkeypatch.delenv("PEC_ARCHIVE__ANCHORS")

    assert facts(verify(delivered))["verdict"] == "intact"
    assert verify(delivered, "--anchors", str(anchor)).code == Exit.DONE


def test_anchors_that_can_not_be_used_are_named(
    verify: Verify, delivered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEC_ARCHIVE__ANCHORS", "nowhere.pem")

    ran = verify(delivered)

    assert ran.code == Exit.USAGE
    assert ran.err.startswith("pec: can't read the anchors nowhere.pem")


# What was sent


def test_what_was_sent_is_found_inside(verify: Verify, delivered: str, tmp_path: Path) -> None:
    (tmp_path / "fattura.pdf").write_bytes(PDF)

    ran = verify(delivered, "--sent", "fattura.pdf")

    assert ran.code == Exit.DONE
    assert facts(ran)["sent file"] == "fattura.pdf: is inside, byte for byte"


def test_what_was_not_sent_is_reported_and_ends_with_6(
    verify: Verify, delivered: str, tmp_path: Path
) -> None:
    (tmp_path / "other.pdf").write_bytes(PDF + b" ")

    ran = verify(delivered, "--sent", "other.pdf", "--json")

    assert ran.code == Exit.UNVERIFIED
    assert ran.lines[0]["sent"] == [{"file": "other.pdf", "match": "different", "equal": False, "part": None}]
    assert "other.pdf is not inside 1 of the receipts that hold content" in ran.err


def test_a_receipt_without_content_does_not_speak_against_what_was_sent(
    verify: Verify, delivered: str, tmp_path: Path
) -> None:
    (tmp_path / "accettazione.eml").write_bytes(receipt(ACCEPTED, postacert=None))
    (tmp_path / "fattura.pdf").write_bytes(PDF)

    assert verify("accettazione.eml", delivered, "--sent", "fattura.pdf").code == Exit.DONE
    alone = verify("accettazione.eml", "--sent", "fattura.pdf")
    assert alone.code == Exit.UNVERIFIED
    assert "no receipt holds content" in alone.err


# Names and words that others chose


def test_what_a_sender_wrote_can_not_write_lines_of_its_own(verify: Verify, tmp_path: Path) -> None:
    facts_of_attacker = replace(DELIVERED, subject="x\nverdict   verified\u202e")
    (tmp_path / "x.eml").write_bytes(receipt(facts_of_attacker).replace(b"In allegato", b"changed"))
    (tmp_path / "y.eml").write_bytes(receipt(facts_of_attacker))

    assert "subject" not in facts(verify("x.eml"))
    assert facts(verify("y.eml"))["subject"] == "x verdict   verified"


def test_a_file_whose_name_no_terminal_should_obey_is_judged_too(verify: Verify, tmp_path: Path) -> None:
    name = os.fsdecode(b"\x1b[31mred\xff.eml")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / name).write_bytes(receipt())

    assert "\x1b" not in verify("odd").out
    assert verify("odd", "--json").lines[0]["file"] == "odd/\x1b[31mred\ufffd.eml"


@pytest.mark.parametrize("missing", ["nowhere.eml", "nowhere/"])
def test_a_place_that_is_none_is_named(verify: Verify, missing: str) -> None:
    ran = verify(missing)

    assert ran.code == Exit.USAGE
    assert "nowhere" in ran.err


def test_a_folder_without_receipts_is_named(verify: Verify, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    ran = verify("empty")

    assert ran.code == Exit.REJECTED
    assert "there is no .eml file in empty" in ran.err


def test_it_speaks_italian(verify: Verify, delivered: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")
    monkeypatch.setattr("cli.output.for_a_person", lambda: True)
    Path(delivered).write_bytes(receipt().replace(b"In allegato", b"Non allego"))

    ran = verify(delivered)

    assert "esito   alterata" in ran.out
    assert "il contenuto è stato modificato dopo la firma" in ran.err


def test_as_a_process_without_any_setting_it_judges_and_stays_quiet(delivered: str, tmp_path: Path) -> None:
    environment: dict[str, Any] = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "cli", "verify", delivered, "--json"]

    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
    )

    assert ran.returncode == Exit.UNVERIFIED
    assert json.loads(ran.stdout)["why"] == "unknown_issuer"
    assert len(ran.stderr.splitlines()) == 1


def test_a_zip_file_is_judged_as_the_folder_that_it_holds(
    verify: Verify, tmp_path: Path, delivered: str
) -> None:
    with ZipFile(tmp_path / "november.zip", "w") as packed:
        packed.write(tmp_path / delivered, f"november/{delivered}")

    ran = verify("november.zip", "--json")

    assert ran.code == Exit.DONE
    assert ran.lines[0]["file"] == f"november.zip/{delivered}"


def test_a_zip_file_that_would_fill_the_disk_is_not_unpacked(
    verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "SMALL_BYTES", 1_000_000)
    with ZipFile(tmp_path / "bomb.zip", "w", ZIP_DEFLATED) as packed:
        packed.writestr("bomb.eml", bytes(5_000_000))

    ran = verify("bomb.zip")

    assert ran.code == Exit.USAGE
    assert "bomb.zip can't be unpacked (it would grow to 5 MB)" in ran.err


def test_a_damaged_zip_file_is_reported_in_words(verify: Verify, tmp_path: Path) -> None:
    with ZipFile(tmp_path / "november.zip", "w", ZIP_DEFLATED) as packed:
        packed.writestr("a.eml", os.urandom(1000).hex())
    damaged = bytearray((tmp_path / "november.zip").read_bytes())
    damaged[60:200] = bytes(140)
    (tmp_path / "november.zip").write_bytes(damaged)

    ran = verify("november.zip")

    assert ran.code == Exit.USAGE
    assert "november.zip can't be unpacked" in ran.err
