"""The sandbox keeps an account of what really happened, which other tests rely on."""

import base64
import hashlib
import time
from collections.abc import Iterator

import pytest

from tests.integration.sandbox.serving import AT_ONCE, SENDER, TOKEN, Served, serving


@pytest.fixture(scope="module")
def api() -> Iterator[Served]:
    with serving(*AT_ONCE) as served:
        yield served


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_every_pec_is_reported_in_full_but_for_its_content(api: Served) -> None:
    attachment = {"name": "atto.pdf", "file": base64.b64encode(b"%PDF").decode()}
    started = time.time()

    code = api.code_of_send(["a@pec.example", "b@pec.example"], subject="In full", attachments=[attachment])

    (sent,) = api.sent_with("In full")
    assert started - 1 <= sent.pop("received_at") <= time.time() + 1
    assert sent == {
        "code": code,
        "sender": SENDER,
        "recipients": ["a@pec.example", "b@pec.example"],
        "subject": "In full",
        "body_sha256": sha256(b"<p>Salve</p>"),
        "attachments": [{"name": "atto.pdf", "sha256": sha256(b"%PDF"), "size": 4}],
        "token_digest": sha256(TOKEN.encode()),
    }


def test_a_pec_that_the_provider_refuses_was_sent_all_the_same(api: Served) -> None:
    api.send("non-accettazione@pec.example", subject="Refused")

    assert len(api.sent_with("Refused")) == 1


def test_every_request_is_reported_in_order_with_its_status(api: Served) -> None:
    before = len(api.requests())
    api.call("GET", "/inbox")
    api.call("GET", "/send/none")
    api.call("POST", "/send", data=b"{")

    seen = api.requests()[before:]
    assert [(one["method"], one["path"], one["status"]) for one in seen] == [
        ("GET", "/inbox", 200),
        ("GET", "/send/none", 404),
        ("POST", "/send", 400),
    ]
    assert [one["at"] for one in seen] == sorted(one["at"] for one in seen)


def test_the_sandbox_says_that_it_is_well_to_anyone(api: Served) -> None:
    assert api.call("GET", "/_sandbox/health", headers={"Authorization": ""}).json() == {"ok": True}
