"""PUT /v1/uploads: bytes are kept under their own hash only, for the token that brought them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from pec.content import sha256
from pec.store.store import Store
from producers import Producer
from tests.integration.producers.gateway.serving import Served
from tests.integration.producing import SEND, TakeJobs, jobs_in

DATA = bytes(range(256)) * 4000  # several parts


def upload(gateway: Served, data: bytes, digest: str | None = None) -> int:
    path = f"/v1/uploads/{digest or sha256(data)}"
    return gateway.call("PUT", path, data=data).status_code


def left_over(store: Store) -> list[bytes | str]:
    found: list[bytes | str] = store.client.keys("pec:uploading:*")
    return found


@contextmanager
def beginning(gateway: Served, path: str, length: int) -> Iterator[socket.socket]:
    """A connection on which the head of an upload was sent."""
    at = urlsplit(gateway.url)
    with socket.create_connection((str(at.hostname), int(at.port or 0)), timeout=10) as client:
        client.sendall(
            f"PUT {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.token}\r\n"
            f"Content-Length: {length}\r\n\r\n".encode()
        )
        yield client


def test_an_upload_is_named_by_a_message(
    gateway: Served, store: Store, producer: Producer, take_jobs: TakeJobs
) -> None:
    digest = sha256(DATA)
    assert gateway.call("HEAD", f"/v1/uploads/{digest}").status_code == 404
    assert upload(gateway, DATA) == 201
    assert upload(gateway, DATA) == 201

    assert gateway.call("HEAD", f"/v1/uploads/{digest}").status_code == 200
    assert store.client.get(store.keys.upload(digest)) == DATA
    named = {**SEND, "id": "inv-1", "attachments": [{"name": "a.pdf", "sha256": digest}]}
    assert gateway.call("POST", "/v1/messages", json=named).status_code == 202
    take_jobs()
    assert producer.status("acme:inv-1")[0].attachments[0].sha256 == digest
    assert left_over(store) == []


def test_bytes_of_another_hash_are_refused_and_not_kept(gateway: Served, store: Store) -> None:
    wrong = sha256(b"something else")

    answer = gateway.call("PUT", f"/v1/uploads/{wrong}", data=DATA)

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:pec:problem:other_sha256")
    assert store.client.exists(store.keys.upload(wrong), store.keys.upload(sha256(DATA))) == 0
    assert gateway.call("HEAD", f"/v1/uploads/{wrong}").status_code == 404
    assert left_over(store) == []


def test_an_empty_file_and_one_without_a_stated_length_are_taken(gateway: Served, store: Store) -> None:
    def parts() -> Iterator[bytes]:
        yield DATA[:300_000]
        yield DATA[300_000:]

    assert upload(gateway, b"") == 201
    answer = gateway.call("PUT", f"/v1/uploads/{sha256(DATA)}", data=parts())
    assert answer.json() == {"sha256": sha256(DATA), "size": len(DATA)}
    assert store.client.get(store.keys.upload(sha256(DATA))) == DATA


def test_an_upload_that_breaks_off_leaves_nothing_under_its_hash(gateway: Served, store: Store) -> None:
    with beginning(gateway, f"/v1/uploads/{sha256(DATA)}", len(DATA)) as client:
        client.sendall(DATA[:600_000])
    assert upload(gateway, b"after it") == 201
    assert store.client.exists(store.keys.upload(sha256(DATA))) == 0
    for name in left_over(store):
        assert store.client.ttl(name) > 0


def test_an_upload_that_no_message_could_hold_is_refused(gateway: Served, store: Store) -> None:
    with beginning(gateway, f"/v1/uploads/{'0' * 64}", 40_000_000) as client:
        answer = client.recv(1000)
    assert answer.startswith(b"HTTP/1.1 413")
    assert left_over(store) == []


def test_another_token_can_not_name_the_upload(
    gateway: Served, other_tenant: Served, producer: Producer
) -> None:
    digest = sha256(DATA)
    assert upload(gateway, DATA) == 201

    stated = {**SEND, "account": "globex", "id": "x", "body": {"sha256": digest}}
    foreign = other_tenant.call("POST", "/v1/messages", json=stated)
    missing = other_tenant.call("POST", "/v1/messages", json={**stated, "body": {"sha256": "0" * 64}})

    assert foreign.status_code == 422
    assert foreign.text.replace(digest, "") == missing.text.replace("0" * 64, "")
    assert other_tenant.call("HEAD", f"/v1/uploads/{digest}").status_code == 404
    assert jobs_in(producer) == []
