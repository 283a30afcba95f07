"""`pec export --receipts`: the folder of proof, and what is said of proof that is not complete."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from pec.names import Queue, State
from pec.receipts import Kind, Receipt
from pec.store import heartbeat, records
from pec.store.store import Store
from tests.integration.archive.receiving import receipt, received
from tests.integration.commands import Pec
from tests.integration.producing import Settle, TakeJobs, meanwhile
from tests.wire import eventually


def test_proof_is_written_beside_the_table_and_its_sums_cover_both(
    pec: Pec, batch: list[str], tmp_path: Path
) -> None:
    proof = tmp_path / "november"

    ran = pec("export", "--batch", "november", "--output", str(proof / "list.csv"), "--receipts", str(proof))

    assert ran.code == 0
    covered = len((proof / "SHA256SUMS").read_text().splitlines())
    assert f"{covered} files in {proof}: `sha256sum -c SHA256SUMS` there checks them" in ran.err
    assert sorted(path.name for path in proof.iterdir()) == ["SHA256SUMS", "a", "b", "c", "list.csv"]
    assert (
        "list.csv: OK"
        in subprocess.run(
            ["sha256sum", "--check", "--strict", "SHA256SUMS"],
            cwd=proof,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout.splitlines()
    )


def test_missing_content_is_reported_with_an_exit_code_and_the_rest_goes_on(
    pec: Pec, store: Store, batch: list[str], tmp_path: Path
) -> None:
    body = records.read(store, "a")
    assert body
    assert body.body
    store.client.delete(store.keys.content(body.body))

    ran = pec("export", "--batch", "november", "--receipts", str(tmp_path / "proof"), "--json")

    assert ran.code == 1
    assert "content of 3 messages is missing (c, a, b)" in ran.err
    assert len(ran.lines) == 3
    assert (tmp_path / "proof/c/receipts/01-accettazione.txt").exists()


def test_a_folder_that_holds_another_owners_sums_is_refused(
    pec: Pec, batch: list[str], tmp_path: Path
) -> None:
    (tmp_path / "SHA256SUMS").write_text("my notes\n")

    ran = pec("export", "--all", "--receipts", str(tmp_path))

    assert (ran.code, ran.out) == (2, "")
    assert "name another folder" in ran.err


def test_a_table_alone_is_no_proof_so_nothing_may_leave_redis(
    pec: Pec, store: Store, batch: list[str], tmp_path: Path
) -> None:
    def marked() -> list[bool]:
        return [message.exported_at is not None for message in records.read_all(store, batch)]

    pec("export", "--batch", "november", "--json")
    assert marked() == [False, False, False]

    pec("export", "--batch", "november", "--receipts", str(tmp_path / "proof"))
    assert marked() == [True, True, False]  # the last one has not ended


# Complete proof


def bare(kind: Kind) -> Receipt:
    """Return the receipt as a page of the mailbox shows it."""
    return receipt(kind, text=None)


@pytest.fixture
def unproved(batch: list[str], change: Settle) -> str:
    """One of the batch, whose CONSEGNA has no text yet."""
    change("b", received(State.DELIVERED, receipt(Kind.ACCETTAZIONE), bare(Kind.CONSEGNA)))
    return "b"


@pytest.fixture
def served(store: Store, take_jobs: TakeJobs) -> None:
    """A worker looks at the mailbox."""
    heartbeat.beat(store, {"account": ["acme"], "queue": [str(Queue.CHECK)]}, 60)


def test_an_incomplete_proof_is_named_with_what_it_lacks_and_exits_6(
    pec: Pec, unproved: str, tmp_path: Path
) -> None:
    ran = pec("export", "--batch", "november", "--receipts", str(tmp_path / "proof"))

    assert ran.code == 6
    assert "the receipts of 1 message are incomplete" in ran.err
    assert "b: avvenuta-consegna" in ran.err
    assert "no worker looks for them: start one" in ran.err
    stated = json.loads((tmp_path / "proof/b/message.json").read_bytes())
    assert (stated["lacking"], "proof" in stated) == (["avvenuta-consegna"], False)


def test_what_lacks_a_receipt_stays_in_redis(pec: Pec, store: Store, unproved: str, tmp_path: Path) -> None:
    pec("export", "--all", "--receipts", str(tmp_path / "proof"))

    marked = {one.id for one in records.read_all(store, ["a", "b", "c"]) if one.exported_at}
    assert marked == {"a", "c"}


@pytest.mark.usefixtures("served")
def test_an_export_waits_until_the_texts_are_there(
    pec: Pec, store: Store, change: Settle, unproved: str, tmp_path: Path
) -> None:
    def is_asked() -> bool:
        return store.client.zscore(store.keys.due(Queue.CHECK), unproved) is not None

    def worker() -> None:
        eventually(is_asked)
        change(unproved, received(State.DELIVERED, receipt(Kind.CONSEGNA)))

    with meanwhile(worker):
        ran = pec("export", "--batch", "november", "--receipts", str(tmp_path / "proof"))

    assert ran.code == 0
    assert "waiting for receipts of 1 message," in ran.err
    assert (tmp_path / "proof/b/receipts/02-avvenuta-consegna.txt").exists()


@pytest.mark.usefixtures("served")
def test_an_export_does_not_wait_for_what_the_mailbox_no_longer_has(
    pec: Pec, store: Store, change: Settle, unproved: str, tmp_path: Path
) -> None:
    def worker() -> None:
        eventually(lambda: store.client.zscore(store.keys.due(Queue.CHECK), unproved))
        store.client.zrem(store.keys.due(Queue.CHECK), unproved)  # it looked, and schedules no other look

    started = time.monotonic()
    with meanwhile(worker):
        assert pec("export", "--all", "--receipts", str(tmp_path / "proof")).code == 6
    assert time.monotonic() - started < 30


@pytest.mark.usefixtures("served")
def test_no_wait_asks_for_nothing(pec: Pec, store: Store, unproved: str, tmp_path: Path) -> None:
    ran = pec("export", "--batch", "november", "--receipts", str(tmp_path / "proof"), "--no-wait")

    assert (ran.code, "waiting" in ran.err) == (6, False)
    assert store.client.zscore(store.keys.due(Queue.CHECK), unproved) is None


def test_a_table_needs_the_receipts_and_not_their_texts(pec: Pec, change: Settle, unproved: str) -> None:
    assert pec("export", "--batch", "november").code == 0
    assert pec("export", "--batch", "november", "--json").code == 6

    change("other", received(State.DELIVERED, bare(Kind.CONSEGNA)))
    ran = pec("export", "other")
    assert (ran.code, "other: accettazione" in ran.err) == (6, True)


def test_a_repeated_export_leaves_one_file_for_each_receipt(
    pec: Pec, change: Settle, batch: list[str], tmp_path: Path
) -> None:
    receipts = tmp_path / "proof/b/receipts"
    for known, names in (
        ([bare(Kind.CONSEGNA)], ["01-avvenuta-consegna.json"]),
        ([receipt(Kind.ACCETTAZIONE)], [*files("01-accettazione"), "02-avvenuta-consegna.json"]),
        ([receipt(Kind.CONSEGNA)], [*files("01-accettazione"), *files("02-avvenuta-consegna")]),
    ):
        change("b", received(State.DELIVERED, *known))
        pec("export", "--batch", "november", "--receipts", str(tmp_path / "proof"))
        assert sorted(path.name for path in receipts.iterdir()) == names
        listed = (tmp_path / "proof/SHA256SUMS").read_text().splitlines()
        assert [line[66:] for line in listed if "/receipts/" in line and line[66:].startswith("b/")] == [
            f"b/receipts/{name}" for name in names
        ]
        checked = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
        assert subprocess.run(checked, cwd=tmp_path / "proof", check=False, timeout=30).returncode == 0


def files(name: str) -> list[str]:
    return [f"{name}.json", f"{name}.txt"]
