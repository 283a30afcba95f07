"""Messages whose signed originals are in the archive, for tests of commands that read them."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.certified import receipt_of, without_original
from archive.vault import EML, Vault
from archive.vault.installation import open_vault
from config.settings import Archive
from pec.changes import Change
from pec.names import Proof, State
from pec.store.store import Store
from producers import Producer
from tests.integration.archive.receiving import received
from tests.integration.producing import SEND, Settle, TakeJobs
from tests.signing import ACCEPTED, DELIVERED, PDF, authority, receipt, verified

CODE = "2026112010300042"
Delivered = Callable[..., None]


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anchor = tmp_path / "anchor.pem"
    anchor.write_bytes(authority().anchor)
    monkeypatch.setenv("PEC_ARCHIVE__ANCHORS", str(anchor))
    monkeypatch.setenv("PEC_ARCHIVE__URL", str(tmp_path / "archive"))


@pytest.fixture
def vault(store: Store, tmp_path: Path) -> Vault:
    vault = open_vault(Archive.model_validate({"url": str(tmp_path / "archive")}), store)
    assert vault
    return vault


@pytest.fixture
def delivered(producer: Producer, take_jobs: TakeJobs, change: Settle, vault: Vault) -> Delivered:
    """Makes a delivered message whose receipts are in the archive, or some of these mails."""

    def make(name: str, *mails: bytes, without_originals: bool = False, **fields: Any) -> None:
        producer.send(name, **SEND, attachments=[("fattura.pdf", PDF)], batch="b")
        take_jobs()
        mails = mails or (signed(ACCEPTED, None), signed(DELIVERED))
        found = []
        for raw in mails:
            vault.put(raw, EML)
            one = receipt_of(verified(raw))
            assert one
            found.append(without_original(one, verified(raw)) if without_originals else one)
        values = {"proof": Proof.ORIGINALS, **fields}
        change(name, lambda message: with_end(received(State.DELIVERED, *found, **values)(message)))

    return make


def with_end(change: Change) -> Change:
    return replace(change, after=replace(change.after, ended_at=change.after.updated_at))


def signed(facts: Any, *postacert: Any) -> bytes:
    named = replace(facts, subject=f"Fattura {CODE}")
    return receipt(named, postacert=postacert[0]) if postacert else receipt(named)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def sums_hold(folder: Path) -> bool:
    command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    return subprocess.run(command, cwd=folder, check=False, timeout=30).returncode == 0
