"""Verification: how long `pec verify` takes to judge receipts, on one core, in the shapes that providers give them."""

import gc
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from archive import trust
from archive.chain import Profile
from archive.signatures import verify
from bench.figures import Figure, Outcome, middle
from sandbox.authority import Signer, make_authority, make_signer
from sandbox.receipt_signing import Encoded
from sandbox.signed_receipts import ReceiptFacts, signed_receipt

COUNT, RUNS = 1000, 5
LARGE_COUNT, LARGE_BYTES = 100, 1_000_000
SENT_BY = "posta-certificata@pec.example"
FACTS = ReceiptFacts(
    kind="avvenuta-consegna",
    at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    sender="acme@pec.example",
    recipients=["mario@pec.example"],
    subject="Fattura",
    identificativo="opec1@pec.example",
    message_id="<1@acme.example>",
    text="Il messaggio è stato consegnato nella casella di destinazione. " * 8,
    receipt_type="completa",
    delivered_to="mario@pec.example",
)


def run(folder: Path, *, quick: bool = False) -> Outcome:
    count, runs = (50, 1) if quick else (COUNT, RUNS)
    authority = make_authority(domains=["pec.example"])
    signer = make_signer(authority, SENT_BY)
    profiles = [trust.agid(), Profile("settings", (authority.root,))]
    der = _receipts(count, signer)
    sha1 = _receipts(count, signer, digest="sha1", encoded=Encoded.BER, line_end=b"\n")
    large = _receipts(5 if quick else LARGE_COUNT, signer, postacert=_mail(LARGE_BYTES))
    size = round(len(der[0]) / 1000)
    figures = [
        _figure(f"verify {COUNT:,} receipts of {size} kB", der, profiles, runs, target="≤ 3"),
        _figure(f"the same with SHA-1, BER and LF line ends, {COUNT:,}", sha1, profiles, runs, target="≤ 3"),
        _figure(f"verify {LARGE_COUNT} receipts that hold 1 MB", large, profiles, runs),
    ]
    note = "CPU time of one process, without reading the files. Each receipt is another, of one provider."
    return Outcome(figures, notes=[note])


def _figure(
    name: str, receipts: Sequence[bytes], profiles: Sequence[Profile], runs: int, target: str | None = None
) -> Figure:
    seconds = [_seconds(receipts, profiles) for _ in range(runs)]
    return Figure(name, "s", middle(seconds), target=target, runs=seconds, better="less")


def _seconds(receipts: Sequence[bytes], profiles: Sequence[Profile]) -> float:
    gc.collect()
    started = time.process_time()
    verified = sum(verify(raw, profiles).is_verified_receipt for raw in receipts)
    spent = time.process_time() - started
    if verified != len(receipts):
        raise RuntimeError(f"{len(receipts) - verified} true receipts were refused")
    return spent


def _receipts(
    count: int,
    signer: Signer,
    *,
    postacert: bytes | None = None,
    digest: str = "sha256",
    encoded: Encoded = Encoded.DER,
    line_end: bytes = b"\r\n",
) -> list[bytes]:
    made = []
    for number in range(count):
        raw = signed_receipt(
            replace(FACTS, subject=f"Fattura {number}", identificativo=f"opec{number}@pec.example"),
            signer,
            sent_by=SENT_BY,
            receipt_id=f"r{number}@pec.example",
            postacert=postacert or _mail(500),
            digest=digest,
            encoded=encoded,
        )
        made.append(raw.replace(b"\r\n", line_end))
    return made


def _mail(size: int) -> bytes:
    return b"From: acme@pec.example\r\nSubject: Fattura\r\n\r\n" + b"a line of the PEC that was sent\r\n" * (
        size // 33
    )
