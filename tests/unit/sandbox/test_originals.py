"""Originals: as large as announced, the same each time, and flawed as their story says."""

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pec.api.wire import SendRequest
from sandbox.clock import Delays, Instant
from sandbox.flaws import Flaw
from sandbox.mail import Mail, Original, head_of
from sandbox.pec_network import PecNetwork
from sandbox.providers import Providers, make_providers
from sandbox.scenarios import SCENARIOS

SENT_AT = Instant(100.0, 1598428834.0)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=300)


@pytest.fixture(scope="module")
def providers() -> Providers:
    return make_providers()


def mails(providers: Providers | None, *recipients: str, **fields: Any) -> list[Mail]:
    """Return what a send brings into the sender's mailbox."""
    pec = {"sender": "me@x.example", "subject": "Diffida", "body": "<p>", "username": "u", "password": "p"}
    network = PecNetwork(Delays(0, 0, 0), 10**9, providers)
    network.send(
        SendRequest.model_validate({**pec, "recipient": list(recipients), **fields}), "digest", SENT_AT
    )
    return [mail for _, mail in network.mailbox("me@x.example").search("", SENT_AT)]


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def original(mail: Mail) -> Original:
    assert mail.original
    return mail.original


@given(
    subject=TEXT,
    body=st.text(st.characters(exclude_categories=["Cs"])),
    name=TEXT,
    file=st.binary(max_size=400),
)
@settings(max_examples=50, deadline=None)
def test_a_mail_is_as_large_as_announced_and_the_same_each_time(
    providers: Providers, subject: str, body: str, name: str, file: bytes
) -> None:
    attachment = {"name": name, "file": b64(file)}
    for mail in mails(providers, "consegna@è.example", subject=subject, body=body, attachments=attachment):
        whole = original(mail).whole()
        assert mail.size_bytes == len(whole)
        assert original(mail).whole() == whole
        assert original(mail).head() == head_of(whole)
        assert b"\n" not in whole.replace(b"\r\n", b"")


@pytest.mark.parametrize("story", [name for name, story in SCENARIOS.items() if story.flaw])
def test_a_flawed_mail_is_as_large_as_announced(providers: Providers, story: str) -> None:
    for mail in mails(providers, f"{story}@x.example"):
        assert mail.size_bytes == len(original(mail).whole())
        assert original(mail).whole().startswith(original(mail).head())


def test_each_flaw_has_a_story() -> None:
    assert {story.flaw for story in SCENARIOS.values()} == {None, *Flaw}


def test_without_a_door_mails_have_no_original_and_about_the_same_size(providers: Providers) -> None:
    file = {"name": "a.pdf", "file": b64(bytes(50_000))}

    kept = mails(providers, "consegna@x.example", attachments=file)
    bare = mails(None, "consegna@x.example", attachments=file)

    assert [mail.original for mail in bare] == [None, None]
    for with_door, without in zip(kept, bare, strict=True):
        assert abs(with_door.size_bytes - without.size_bytes) < 400


def test_sends_of_the_same_file_share_its_bytes(providers: Providers) -> None:
    network = PecNetwork(Delays(0, 0, 0), 10**9, providers)
    for number in range(2):
        pec = {"sender": "me@x.example", "subject": f"{number}", "body": "", "username": "u", "password": "p"}
        file = {"name": f"{number}.pdf", "file": b64(b"the same")}
        outgoing = SendRequest.model_validate({**pec, "recipient": "a@x.example", "attachments": file})
        network.send(outgoing, "digest", SENT_AT)

    assert len(network.writer._contents) == 1
