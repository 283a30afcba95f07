"""Receipts and proof: what was signed is given back byte for byte, whole or in ranges."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis
from requests import Response

from archive.certified import receipt_of
from archive.vault.vault import Vault, path_of
from config.settings import Archive
from pec.changes import Change, changed
from pec.instants import from_epoch
from pec.messages import Message
from pec.names import State
from pec.originals import Original
from pec.store.records import receipt_to_json
from pec.store.store import Store
from sandbox.redis_server import EmbeddedServer
from tests.integration.producers.gateway.receiving import job_id, sent
from tests.integration.producers.gateway.serving import MAILBOX, Served, a_token, serving
from tests.integration.producing import RECEIPT, SEND, Settle, TakeJobs
from tests.signing import ACCEPTED, receipt, verified

MAIL = b"From: x\r\n\r\n" + bytes(range(256)) * 100


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="module")
def archiving(server: EmbeddedServer, archive: Path) -> Iterator[Served]:
    """A gateway that reaches an archive."""
    with Redis.from_url(server.url) as client:
        client.flushall()
        with serving(
            Store(client, "pec"), server.url, environment={"PEC_ARCHIVE__URL": str(archive)}
        ) as served:
            yield served


@pytest.fixture
def delivered(
    archiving: Served, archive: Path, store: Store, take_jobs: TakeJobs, change: Settle
) -> tuple[Served, str]:
    """A message with one receipt whose original is archived, and its gateway."""
    gateway = replace(archiving, token=a_token(store, "archiving"))
    vault = Vault.open(Archive(url=str(archive)))
    assert vault
    store.client.hset(store.keys.installation, "archive", vault.identity())
    digest = vault.put(MAIL, ".eml")
    known = Original(
        sha256=digest, size=len(MAIL), verdict="verified", identificativo="x.1", signed_at=from_epoch(1e9)
    )
    answer = gateway.call("POST", "/v1/messages", json={**SEND, "id": "inv-1"})
    assert answer.status_code == 202
    take_jobs()

    def received(message: Message) -> Change:
        receipts = (replace(RECEIPT, original=known),)
        return replace(changed(message, from_epoch(1.8e9), {"state": State.ACCEPTED}), receipts=receipts)

    change("acme:inv-1", received)
    return gateway, digest


def test_a_receipt_is_listed_with_its_original(delivered: tuple[Served, str]) -> None:
    gateway, digest = delivered

    [receipt] = gateway.call("GET", "/v1/messages/acme:inv-1/receipts").json()["receipts"]

    assert (receipt["kind"], receipt["text"]) == ("accettazione", RECEIPT.text)
    assert receipt["original"]["verdict"] == "verified"
    assert receipt["original"]["url"] == f"/v1/messages/acme:inv-1/receipts/{digest}.eml"


@dataclass(frozen=True, slots=True)
class Archived:
    """A signed receipt with a text, under the code that its client was given. The test puts it into the archive."""

    gateway: Served
    vault: Vault
    raw: bytes
    place: Path
    code: str
    message_id: str

    def listed(self) -> dict[str, str]:
        path = f"/v1/messages/{self.message_id.replace('#', '%23')}/receipts"
        [one] = self.gateway.call("GET", path).json()["receipts"]
        return dict(one)

    def shown(self, gateway: Served | None = None) -> Response:
        return (gateway or self.gateway).call("GET", f"/send/{self.code}", headers=MAILBOX)

    def body(self, gateway: Served | None = None) -> str:
        [one] = self.shown(gateway).json()["data"]
        return str(one["body"])


@pytest.fixture
def archived(archiving: Served, store: Store, redis: Redis, archive: Path, take_jobs: TakeJobs) -> Archived:
    gateway = replace(archiving, token=a_token(store, "archiving"))
    code = sent(gateway)
    take_jobs()
    raw = receipt(replace(ACCEPTED, subject=f"Fattura {uuid4()} 2026112310300077"))  # kept by no gateway yet
    vault = Vault.open(Archive(url=str(archive)))
    found = receipt_of(verified(raw))
    assert vault
    assert found
    assert found.original
    store.client.hset(store.keys.installation, "archive", vault.identity())
    store.client.hset(store.keys.receipts(job_id(redis)), found.key, receipt_to_json(found))
    place = archive / path_of(found.original.sha256, ".eml")
    return Archived(gateway, vault, raw, place, code, job_id(redis))


def test_the_text_of_an_archived_receipt_comes_from_its_original_or_it_is_said_why_not(
    archived: Archived,
) -> None:
    missing = archived.listed()
    archived.vault.put(archived.raw, ".eml")
    shown = archived.listed()["text"], archived.body()
    archived.place.unlink()

    assert "text" not in missing
    assert "does not hold" in missing["text_missing"]
    assert shown == (ACCEPTED.text, ACCEPTED.text)
    assert (
        archived.listed()["text"],
        archived.body(),
    ) == shown  # read once: what has this SHA-256 never changes


def test_a_client_of_the_vendor_gets_the_heading_for_a_text_that_the_archive_lost(
    archived: Archived, gateway: Served
) -> None:
    without_archive = replace(gateway, token=archived.gateway.token)
    missing = archived.body()
    archived.vault.put(archived.raw, ".eml")
    archived.place.write_bytes(b"other bytes")

    assert (missing, archived.body(), archived.body(without_archive)) == ("ACCETTAZIONE",) * 3


def test_a_client_of_the_vendor_repeats_its_question_while_the_archive_is_away(
    archived: Archived, archive: Path
) -> None:
    archived.vault.put(archived.raw, ".eml")
    archive.rename(archive.with_name("away"))
    away = archived.shown()
    archive.with_name("away").rename(archive)

    assert (away.status_code, away.headers["Retry-After"]) == (503, "5")
    assert str(archive) not in away.text
    assert archived.body() == ACCEPTED.text


def test_an_original_comes_byte_for_byte_and_in_ranges(delivered: tuple[Served, str]) -> None:
    gateway, digest = delivered
    url = f"/v1/messages/acme:inv-1/receipts/{digest}.eml"

    whole = gateway.call("GET", url)
    part = gateway.call("GET", url, headers={"Range": "bytes=100-199", "If-Range": whole.headers["ETag"]})
    beyond = gateway.call("GET", url, headers={"Range": "bytes=99999999-"})

    assert (whole.status_code, whole.content) == (200, MAIL)
    assert whole.headers["ETag"] == f'"{digest}"'
    assert (part.status_code, part.content) == (206, MAIL[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(MAIL)}"
    assert beyond.status_code == 416


def test_the_proof_is_a_bundle_whose_ranges_fit_together(delivered: tuple[Served, str]) -> None:
    gateway, _ = delivered
    url = "/v1/messages/acme:inv-1/proof"

    first = gateway.call("GET", url, headers={"Range": "bytes=0-99"})
    rest = gateway.call("GET", url, headers={"Range": "bytes=100-", "If-Range": first.headers["ETag"]})

    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.headers["Pec-Proof"] == "incomplete"
    with zipfile.ZipFile(io.BytesIO(first.content + rest.content)) as bundle:
        names = bundle.namelist()
        eml = next(name for name in names if name.endswith(".eml"))
        assert bundle.read(eml) == MAIL
    assert any(name.endswith("SHA256SUMS") for name in names)


@pytest.mark.parametrize(
    ("asked", "title", "state"),
    [
        ("it-IT,it;q=0.9", "Prova della PEC", "accettata"),
        ("de, en", "Proof of the PEC", "accepted"),
        (None, "Proof", "accepted"),
    ],
)
def test_the_page_of_a_proof_is_in_the_language_that_is_asked_for(
    delivered: tuple[Served, str], asked: str | None, title: str, state: str
) -> None:
    gateway, _ = delivered
    headers = {} if asked is None else {"Accept-Language": asked}

    proof = gateway.call("GET", "/v1/messages/acme:inv-1/proof", headers=headers)

    with zipfile.ZipFile(io.BytesIO(proof.content)) as bundle:
        [page] = [bundle.read(name).decode() for name in bundle.namelist() if name.endswith("proof.html")]
    assert title in page
    assert f">{state}<" in page


def test_another_tenant_gets_none_of_it(delivered: tuple[Served, str], store: Store) -> None:
    gateway, digest = delivered
    other_tenant = replace(gateway, token=a_token(store, "other-tenant", accounts=["globex"]))

    for path in ("receipts", f"receipts/{digest}.eml", "proof"):
        foreign = other_tenant.call("GET", f"/v1/messages/acme:inv-1/{path}")
        missing = other_tenant.call("GET", f"/v1/messages/acme:missing/{path}")
        assert (foreign.status_code, foreign.text) == (404, missing.text)


def test_an_archive_that_is_away_is_said_to_be(
    gateway: Served, delivered: tuple[Served, str], store: Store
) -> None:
    _, digest = delivered
    without_archive = replace(gateway, token=a_token(store, "other"))

    answer = without_archive.call("GET", f"/v1/messages/acme:inv-1/receipts/{digest}.eml")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
