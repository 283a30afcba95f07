"""The body of POST /send."""

import json
import tracemalloc
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pec.api.client import Attachment, Mailbox, Outgoing, encode

MAILBOX = Mailbox("me@pec.example", "user", SecretStr('p"à\\ss'), SecretStr("token"))


def sent(*recipients: str, attachments: tuple[Attachment, ...] = ()) -> dict[str, object]:
    outgoing = Outgoing("me@pec.example", recipients, "Città", "<b>è</b>", attachments)
    decoded: dict[str, object] = json.loads(encode(outgoing, MAILBOX))
    return decoded


def test_credentials_travel_in_the_body_and_the_token_does_not() -> None:
    body = sent("you@pec.example")
    assert (body["username"], body["password"]) == ("user", 'p"à\\ss')
    assert "token" not in body.values()


def test_one_recipient_is_a_string_and_several_are_an_array() -> None:
    assert sent("a@pec.example")["recipient"] == "a@pec.example"
    assert sent("a@pec.example", "b@pec.example")["recipient"] == ["a@pec.example", "b@pec.example"]


def test_a_pec_without_attachments_names_none() -> None:
    assert "attachments" not in sent("you@pec.example")


def test_attachments_are_an_array_of_bare_base64() -> None:
    files = (Attachment('a "quoted" name.pdf', b"\x00\xff"), Attachment("empty", b""))
    assert sent("you@pec.example", attachments=files)["attachments"] == [
        {"name": 'a "quoted" name.pdf', "file": "AP8="},
        {"name": "empty", "file": ""},
    ]


@given(st.text(), st.text(), st.lists(st.tuples(st.text(), st.binary()), max_size=3))
def test_every_text_and_every_byte_comes_through(
    subject: str, body: str, files: list[tuple[str, bytes]]
) -> None:
    attachments = tuple(Attachment(name, content) for name, content in files)
    decoded = json.loads(encode(Outgoing("a", ("b",), subject, body, attachments), MAILBOX))
    assert (decoded["subject"], decoded["body"]) == (subject, body)
    assert [(file["name"], b64decode(file["file"])) for file in decoded.get("attachments", [])] == files


def test_a_great_attachment_is_copied_no_more_than_needed() -> None:
    """Once into base64, once into the body."""
    outgoing = Outgoing("a", ("b",), "s", "b", (Attachment("a.pdf", bytes(3_000_000)),))
    tracemalloc.start()
    try:
        size = len(encode(outgoing, MAILBOX))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2.2 * size


@pytest.mark.parametrize("secret", ["secret body", "secret content", 'p"à\\\\ss', "token"])
def test_content_and_secrets_stay_out_of_reprs(secret: str) -> None:
    outgoing = Outgoing("a", ("b",), "s", "secret body", (Attachment("a", b"secret content"),))
    assert secret not in repr((outgoing, MAILBOX)).replace("token=", "")
