"""The folder of proof, with real files and the real `sha256sum`."""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.case_files import CaseFile, gather
from archive.folder import Folder, opened
from archive.manifest import NotAManifest
from archive.vault import CONTENT, Vault, VaultAway
from archive.vault.installation import open_vault
from archive.vault.vault import path_of
from config.settings import Archive, Retention
from pec.content import sha256
from pec.messages import Attachment
from pec.names import State
from pec.receipts import Kind
from pec.store import records, retention
from pec.store.store import Store
from producers import Producer
from tests.integration.archive.receiving import ACCEPTED_AT, receipt, received
from tests.integration.producing import SEND, Settle, TakeJobs
from tests.unit.cli.builders import message

RULES = Retention(messages_days=90)
PDF = b"%PDF-1.4 \x00\xff perch\xc3\xa9"


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    return tmp_path / "proof"


@pytest.fixture
def delivered(producer: Producer, take_jobs: TakeJobs, change: Settle) -> str:
    """With an attachment, an ACCETTAZIONE and a CONSEGNA."""
    producer.send("inv-1", **SEND, attachments=[("fattura n. 1.pdf", PDF)])
    take_jobs()
    receipts = (receipt(Kind.CONSEGNA), receipt(Kind.ACCETTAZIONE))
    return change("inv-1", received(State.DELIVERED, *receipts)).id


def put(store: Store, place: Path, *ids: str) -> Folder:
    return put_cases(store, place, gather(store, ids))


def put_cases(store: Store, place: Path, cases: Iterable[CaseFile]) -> Folder:
    with opened(place, store, RULES) as folder:
        for case in cases:
            folder.add(case)
    return folder


def files(place: Path) -> list[str]:
    return sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())


def check(place: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def listed(place: Path) -> list[str]:
    return [line[66:] for line in (place / "SHA256SUMS").read_text(encoding="utf-8").splitlines()]


def case_of(message_id: str, *names: str, **fields: Any) -> CaseFile:
    """A message whose attachments are all empty files."""
    return CaseFile(
        message(id=message_id, attachments=tuple(Attachment(n, sha256(b"")) for n in names), **fields), ()
    )


@pytest.fixture
def empty_content(store: Store) -> None:
    store.client.hset(store.keys.content(sha256(b"")), "data", b"")


def test_a_message_is_a_folder_of_what_was_sent_and_what_came_back(
    store: Store, proof: Path, delivered: str
) -> None:
    put(store, proof, delivered)

    assert files(proof / "inv-1") == [
        "attachments/fattura n. 1.pdf",
        "body.html",
        "message.json",
        "receipts/01-accettazione.json",
        "receipts/01-accettazione.txt",
        "receipts/02-avvenuta-consegna.json",
        "receipts/02-avvenuta-consegna.txt",
    ]
    assert (proof / "inv-1/attachments/fattura n. 1.pdf").read_bytes() == PDF
    assert (proof / "inv-1/body.html").read_bytes() == b"<p>Ecco</p>"
    text = (proof / "inv-1/receipts/01-accettazione.txt").read_bytes()
    assert text.decode() == "Ricevuta di accettazione: «perché»\r\n"
    stated = json.loads((proof / "inv-1/message.json").read_bytes())
    assert [one["date"] for one in stated["receipts"]] == ["2026-11-24T11:00:05.000Z"] * 2
    assert json.loads((proof / "inv-1/receipts/01-accettazione.json").read_bytes()) == stated["receipts"][0]


def test_the_sums_cover_every_file_and_show_a_changed_byte(store: Store, proof: Path, delivered: str) -> None:
    put(store, proof, delivered)

    assert listed(proof) == [one for one in files(proof) if one != "SHA256SUMS"]
    assert check(proof).returncode == 0

    body = proof / "inv-1/body.html"
    body.write_bytes(body.read_bytes().replace(b"E", b"e"))
    assert check(proof).returncode == 1
    assert "inv-1/body.html: FAILED" in check(proof).stdout


def test_no_other_user_may_read_it_whatever_the_umask(store: Store, proof: Path, delivered: str) -> None:
    before = os.umask(0)
    try:
        put(store, proof, delivered)
    finally:
        os.umask(before)

    modes = {path.stat().st_mode & 0o777 for path in proof.rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in [proof, *proof.rglob("*")] if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def test_a_second_export_brings_the_folder_up_to_date_and_keeps_other_messages(
    producer: Producer, store: Store, take_jobs: TakeJobs, change: Settle, proof: Path, delivered: str
) -> None:
    producer.send("inv-2", **SEND)
    take_jobs()
    put(store, proof, "inv-2", delivered)

    change("inv-2", received(State.ACCEPTED, receipt(Kind.ACCETTAZIONE)))
    put(store, proof, "inv-2")

    assert check(proof).returncode == 0
    assert "inv-1/body.html" in listed(proof)
    assert "inv-2/receipts/01-accettazione.txt" in listed(proof)
    assert listed(proof) == [one for one in files(proof) if one != "SHA256SUMS"]


def test_an_older_receipt_that_comes_later_leaves_no_copies_behind(
    producer: Producer, store: Store, take_jobs: TakeJobs, change: Settle, proof: Path
) -> None:
    producer.send("inv-1", **SEND)
    take_jobs()
    change("inv-1", received(State.DELIVERED, receipt(Kind.CONSEGNA)))
    put(store, proof, "inv-1")

    change("inv-1", received(State.DELIVERED, receipt(Kind.ACCETTAZIONE, ACCEPTED_AT.replace(hour=1))))
    receipts = proof / "inv-1/receipts"
    (receipts / "copy.txt").write_bytes((receipts / "01-avvenuta-consegna.txt").read_bytes())
    (receipts / "07-avvenuta-consegna.txt").write_text("of which there is no other copy")
    put(store, proof, "inv-1")

    assert files(receipts) == [
        "01-accettazione.json",
        "01-accettazione.txt",
        "02-avvenuta-consegna.json",
        "02-avvenuta-consegna.txt",
        "07-avvenuta-consegna.txt",
        "copy.txt",
    ]
    assert check(proof).returncode == 0


def test_content_that_is_gone_is_named_and_the_rest_is_written(
    store: Store, proof: Path, delivered: str
) -> None:
    store.client.delete(store.keys.content(sha256(PDF)))

    folder = put(store, proof, delivered)

    assert folder.incomplete == ["inv-1"]
    stated = json.loads((proof / "inv-1/message.json").read_bytes())
    assert stated["missing"] == [
        {
            "file": "attachments/fattura n. 1.pdf",
            "sha256": sha256(PDF),
            "why": "Redis no longer holds it",
        }
    ]
    assert (proof / "inv-1/body.html").exists()
    assert check(proof).returncode == 0


def test_content_that_is_not_what_was_sent_is_no_proof(store: Store, proof: Path, delivered: str) -> None:
    store.client.hset(store.keys.content(sha256(PDF)), "data", b"forged")

    assert put(store, proof, delivered).incomplete == ["inv-1"]
    assert files(proof / "inv-1/attachments") == []


def test_content_that_an_earlier_export_wrote_is_not_missing(
    store: Store, proof: Path, delivered: str
) -> None:
    put(store, proof, delivered)
    store.client.delete(store.keys.content(sha256(PDF)))

    assert put(store, proof, delivered).incomplete == []
    assert "missing" not in json.loads((proof / "inv-1/message.json").read_bytes())

    (proof / "inv-1/attachments/fattura n. 1.pdf").write_bytes(b"forged")
    assert put(store, proof, delivered).incomplete == ["inv-1"]


@pytest.mark.usefixtures("empty_content")
@pytest.mark.parametrize(
    "name", ["..", ".", "../../evil", "/etc/evil", "a/../../../evil", "..\\evil", "x" * 300]
)
def test_nothing_is_written_outside_the_folder(store: Store, tmp_path: Path, name: str) -> None:
    proof = tmp_path / "a" / "proof"
    put_cases(store, proof, [case_of(name, name, name)])

    assert {path.name for path in tmp_path.rglob("*")} >= {"a", "proof", "SHA256SUMS"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["proof"]
    assert len(files(proof)) == 4  # message.json, two attachments and the sums
    assert check(proof).returncode == 0


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that is none of ours, with a file in it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "message.json").write_text("mine")
    return outside


def test_a_link_in_a_messages_place_is_left_alone(store: Store, proof: Path, outside: Path) -> None:
    proof.mkdir()
    (proof / "inv-1").symlink_to(outside)

    put_cases(store, proof, [case_of("inv-1")])

    assert listed(proof) == ["inv-1~2/message.json"]
    assert [path.read_text() for path in outside.iterdir()] == ["mine"]


def test_a_link_in_a_files_place_is_replaced_not_followed(store: Store, proof: Path, outside: Path) -> None:
    (proof / "inv-1").mkdir(parents=True)
    (proof / "inv-1/message.json").symlink_to(outside / "message.json")
    put_cases(store, proof, [case_of("inv-1")])

    written = proof / "inv-1/message.json"
    assert json.loads(written.read_bytes())["id"] == "inv-1"
    assert (outside / "message.json").read_text() == "mine"

    written.rename(outside / "same.json")
    written.symlink_to(outside / "same.json")  # what it leads to can change after the sums were made
    put_cases(store, proof, [case_of("inv-1")])
    assert not written.is_symlink()


@pytest.mark.usefixtures("empty_content")
def test_a_link_in_a_folders_place_is_refused(store: Store, proof: Path, outside: Path) -> None:
    (proof / "inv-1").mkdir(parents=True)
    (proof / "inv-1/attachments").symlink_to(outside)

    with pytest.raises(OSError, match="a link or a file stands where a folder must be"):
        put_cases(store, proof, [case_of("inv-1", "message.json")])

    assert [path.read_text() for path in outside.iterdir()] == ["mine"]


def test_ids_that_differ_by_case_alone_have_folders_that_windows_distinguishes(
    store: Store, proof: Path
) -> None:
    put_cases(store, proof, [case_of("INV-1")])
    for _ in range(2):
        put_cases(store, proof, [case_of("inv-1"), case_of("Inv-1"), case_of("INV-1")])

    owners = {path.parent.name: json.loads(path.read_bytes())["id"] for path in proof.glob("*/message.json")}
    assert owners == {"INV-1": "INV-1", "inv-1~2": "inv-1", "Inv-1~3": "Inv-1"}
    assert check(proof).returncode == 0


def test_an_id_can_not_take_the_place_of_the_sums(store: Store, proof: Path) -> None:
    put_cases(store, proof, [case_of("sha256sums")])

    assert files(proof) == ["SHA256SUMS", "sha256sums~2/message.json"]


def test_a_file_with_an_odd_name_is_covered_as_sha256sum_writes_it(store: Store, proof: Path) -> None:
    for _ in range(2):  # the second one reads what the first wrote
        with opened(proof, store, RULES) as folder:
            for name in ("a\\b.csv", "a\nb.csv", "è.csv"):
                (proof / name).write_text(name)
                folder.cover(proof / name)

    own = subprocess.run(
        ["sha256sum", "a\nb.csv", "a\\b.csv", "è.csv"], cwd=proof, capture_output=True, check=True, timeout=30
    )
    assert (proof / "SHA256SUMS").read_bytes() == own.stdout
    assert check(proof).returncode == 0


def test_work_that_breaks_off_leaves_right_sums_and_no_half_file(
    store: Store, proof: Path, delivered: str
) -> None:
    def cases() -> Iterator[CaseFile]:
        yield from gather(store, [delivered])
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        put_cases(store, proof, cases())

    assert check(proof).returncode == 0
    assert listed(proof) == [one for one in files(proof) if one != "SHA256SUMS"]


def test_another_owners_list_is_left_alone(store: Store, proof: Path) -> None:
    proof.mkdir()
    (proof / "SHA256SUMS").write_text("my notes\n")

    with pytest.raises(NotAManifest), opened(proof, store, RULES):
        pass

    assert (proof / "SHA256SUMS").read_text() == "my notes\n"


def forgets(store: Store, message_id: str) -> bool:
    """Sweep as workers do, when the time for it has come."""
    return retention.forget(store, message_id, datetime.now(UTC) + timedelta(days=91), RULES)


def test_what_is_proved_on_disk_may_leave_redis_in_time(store: Store, proof: Path, delivered: str) -> None:
    put(store, proof, delivered)

    assert retention.forget(store, delivered, datetime.now(UTC) + timedelta(days=89), RULES) is False
    assert forgets(store, delivered)
    assert check(proof).returncode == 0


def test_what_is_not_whole_on_disk_stays_in_redis(store: Store, proof: Path, delivered: str) -> None:
    store.client.delete(store.keys.content(sha256(PDF)))
    put(store, proof, delivered)

    assert not forgets(store, delivered)


def test_what_changed_while_it_was_written_stays_in_redis(
    store: Store, change: Settle, proof: Path, delivered: str
) -> None:
    with opened(proof, store, RULES) as folder:
        for case in gather(store, [delivered]):
            folder.add(case)
        change(delivered, received(State.DELIVERED, receipt(Kind.PREAVVISO)))

    assert not forgets(store, delivered)


def test_work_that_breaks_off_lets_nothing_go(store: Store, proof: Path, delivered: str) -> None:
    def cases() -> Iterator[CaseFile]:
        yield from gather(store, [delivered])
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        put_cases(store, proof, cases())

    assert not forgets(store, delivered)


def test_what_has_not_ended_is_not_marked(
    producer: Producer, store: Store, take_jobs: TakeJobs, proof: Path
) -> None:
    producer.send("inv-1", **SEND)
    take_jobs()
    put(store, proof, "inv-1")

    message = records.read(store, "inv-1")
    assert message is not None
    assert message.exported_at is None


# Content in the archive


def put_cases_from(store: Store, place: Path, vault: Vault | None, message_id: str) -> Folder:
    with opened(place, store, RULES, vault) as folder:
        for case in gather(store, [message_id]):
            folder.add(case)
    return folder


@pytest.fixture
def vault(store: Store, delivered: str, tmp_path: Path) -> Vault:
    """An archive to which the content of the message has gone."""
    vault = open_vault(Archive.model_validate({"url": str(tmp_path / "archive")}), store)
    assert vault
    digest = vault.put(PDF, CONTENT)
    store.client.hset(store.keys.content(digest), "archived", str(len(PDF)))
    store.client.hdel(store.keys.content(digest), "data")
    return vault


def test_content_in_the_archive_is_exported_as_any_other(
    store: Store, proof: Path, delivered: str, vault: Vault
) -> None:
    folder = put_cases_from(store, proof, vault, delivered)

    assert folder.incomplete == []
    assert (proof / "inv-1/attachments/fattura n. 1.pdf").read_bytes() == PDF


@pytest.mark.parametrize("lost", [True, False])
def test_content_that_the_archive_lost_or_altered_is_said_to_be_missing(
    store: Store, proof: Path, delivered: str, vault: Vault, tmp_path: Path, lost: bool
) -> None:
    place = tmp_path / "archive" / path_of(sha256(PDF), CONTENT)
    place.unlink() if lost else place.write_bytes(b"other")

    folder = put_cases_from(store, proof, vault, delivered)

    assert folder.incomplete == [delivered]
    [missing] = json.loads((proof / "inv-1/message.json").read_text())["missing"]
    assert ("does not hold" if lost else "was altered") in missing["why"]


def test_an_export_without_the_archive_breaks_off_and_marks_nothing(
    store: Store, proof: Path, delivered: str, vault: Vault
) -> None:
    with pytest.raises(VaultAway, match="set PEC_ARCHIVE__URL as the workers have it"):
        put_cases_from(store, proof, None, delivered)

    assert not store.client.hexists(store.keys.message(delivered), "exported_at")
