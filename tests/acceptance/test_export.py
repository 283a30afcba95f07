"""The proof that a clerk takes to court: `pec export` as a process, with receipts that a provider really wrote."""

import base64
import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.acceptance.site import ENDS, Site, eventually, site

ROOT = Path(__file__).parents[2]
PDF = b"%PDF-1.4 ..."
Export = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def campaign(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    """The batch `november`, sent and ended: one delivered, one to a mailbox that does not exist."""
    files = [{"name": "avviso n. 1.pdf", "file": base64.b64encode(PDF).decode()}]
    with site(redis, redis_url, tmp_path) as at:
        with at.drained_workers(processes=1):
            for number, story in enumerate(("consegna", "mancata-consegna"), 1):
                at.add(
                    id=f"avviso:{number}",
                    batch="november",
                    recipient=f"{story}@pec.example",
                    subject=f"È l'avviso n. {number}; urgente",
                    attachments=files,
                )
            eventually(lambda: all(at.state(f"avviso:{number}") in ENDS for number in (1, 2)))
        yield at


@pytest.fixture
def export(redis_url: str, tmp_path: Path) -> Export:
    def ran(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, "-m", "cli", "export", *arguments],
            env={**os.environ, "PEC_REDIS_URL": redis_url, "PYTHONPATH": str(ROOT), **variables},
            cwd=tmp_path,
            capture_output=True,
            check=False,
            timeout=60,
        )

    return ran


def test_a_campaign_is_proved_to_a_court(campaign: Site, export: Export, tmp_path: Path) -> None:
    ran = export("--batch", "november", "--output", "november.csv", "--receipts", "november")

    assert (ran.returncode, ran.stdout) == (0, b"")
    text = (tmp_path / "november.csv").read_bytes().decode("utf-8-sig")
    first, second = csv.DictReader(StringIO(text, newline=""), delimiter=";")
    assert (first["state"], first["subject"]) == ("delivered", "È l'avviso n. 1; urgente")
    assert first["code"].lstrip("'") == campaign.message("avviso:1")["code"]
    assert first["accettazione"]
    assert first["consegna"]
    assert (second["state"], second["receipt_error"]) == ("undelivered", "'5.1.1")
    assert second["mancata_consegna"]

    proof = tmp_path / "november" / "avviso%3A1"
    assert (proof / "attachments/avviso n. 1.pdf").read_bytes() == PDF
    consegna = (proof / "receipts/02-avvenuta-consegna.txt").read_text(encoding="utf-8")
    assert "è stato consegnato nella casella di destinazione" in consegna
    assert sums(tmp_path / "november").returncode == 0

    with (proof / "receipts/02-avvenuta-consegna.txt").open("ab") as file:
        file.write(b" ")
    assert b"02-avvenuta-consegna.txt: FAILED" in sums(tmp_path / "november").stdout


def test_an_export_right_after_the_last_delivery_has_every_receipt_and_its_text(
    redis: Redis, redis_url: str, export: Export, tmp_path: Path
) -> None:
    ids = [f"m{number}" for number in range(80)]
    with site(redis, redis_url, tmp_path, rate=50.0) as at:
        for message_id in ids:
            at.add(id=message_id, batch="b", recipient="consegna@pec.example", subject=message_id)
        with at.drained_workers(processes=1):
            eventually(lambda: all(at.state(one) == "delivered" for one in ids), 60)
            ran = export("--batch", "b", "--output", "b.csv", "--receipts", "b")

    assert ran.returncode == 0, ran.stderr
    assert len(list(tmp_path.glob("b/*/receipts/*-avvenuta-consegna.txt"))) == len(ids)
    assert len(list(tmp_path.glob("b/*/receipts/*-accettazione.txt"))) == len(ids)
    rows = csv.DictReader(StringIO((tmp_path / "b.csv").read_bytes().decode("utf-8-sig")), delimiter=";")
    assert all(row["accettazione"] for row in rows)
    events: Any = redis.xrange("pec:events")
    published = [fields[b"event"] for _, fields in events if fields[b"type"] == b"proof.complete"]
    assert len(published) == len(set(published)) == len(ids)


def test_what_was_kept_as_proof_leaves_redis_when_its_time_is_over(
    campaign: Site, export: Export, redis: Redis
) -> None:
    assert export("--all", "--json").returncode == 0
    assert redis.zcard("pec:due:sweep") == 1, "a table is no proof: only the hourly pass stays scheduled"

    assert export("--all", "--receipts", "proof", PEC_RETENTION__MESSAGES_DAYS="0.00001").returncode == 0

    with campaign.workers(PEC_RETENTION__MESSAGES_DAYS="0.00001"):
        eventually(
            lambda: not redis.exists("pec:message:avviso:1", "pec:message:avviso:2", "pec:batch:november")
        )
    assert list(redis.scan_iter("pec:content:*")) == []
    assert list(redis.scan_iter("pec:receipts:*")) == []


def test_a_program_reads_the_same_whatever_the_locale(campaign: Site, export: Export) -> None:
    said = [export("--all", "--json", LC_ALL=locale, PYTHONUTF8="0") for locale in ("C", "C.UTF-8")]
    tables = [export("--batch", "november", LC_ALL=locale, PYTHONUTF8="0") for locale in ("C", "C.UTF-8")]

    messages = [json.loads(line) for line in said[0].stdout.splitlines()]
    assert {one["subject"] for one in messages} == {f"È l'avviso n. {n}; urgente" for n in (1, 2)}
    assert sorted(said[0].stdout.splitlines()) == sorted(said[1].stdout.splitlines())
    assert tables[0].stdout == tables[1].stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.usefixtures("redis")
def test_a_full_disk_is_reported_without_a_traceback(redis_url: str) -> None:
    command = [sys.executable, "-m", "cli", "export", "--all"]
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            command,
            env={**os.environ, "PEC_REDIS_URL": redis_url, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )

    assert ran.returncode == 1
    assert b"can't write stdout (No space left on device)" in ran.stderr
    assert b"Traceback" not in ran.stderr


def sums(folder: Path) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=30,
    )
