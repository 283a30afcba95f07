"""The IMAP door, read by a real client: the API's mailboxes, with the bytes of every mail."""

import base64
import time
from collections.abc import Iterator

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from archive import trust
from archive.sent import compare
from archive.signatures import Verdict, Verification, verify
from tests.integration.sandbox.serving import AT_ONCE, SENDER, Served, serving_imap, wait_until

PDF = b"%PDF-1.4\r\n\x00\x01" + bytes(range(256)) * 100
ATTACHED = {"name": "fattura à.pdf", "file": base64.b64encode(PDF).decode()}


@pytest.fixture(scope="module")
def served(imap_sandbox: Served) -> Served:
    return imap_sandbox


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """A mailbox of the test's own."""
    return f"{request.node.name.partition('[')[0].replace('_', '-')}@pec.example"


@pytest.fixture
def client(served: Served, address: str) -> Iterator[IMAPClient]:
    with served.imap(address) as client:
        yield client


def originals(client: IMAPClient) -> list[bytes]:
    client.noop()
    found = client.fetch(client.search(), ["BODY.PEEK[]"])
    return [found[uid][b"BODY[]"] for uid in sorted(found)]


def judged(served: Served, raw: bytes) -> Verification:
    return verify(raw, trust.profiles(served.anchors))


def test_receipts_are_signed_by_the_authority_whose_root_the_file_holds(
    served: Served, address: str, client: IMAPClient
) -> None:
    code = served.code_of_send(
        "consegna@pec.example", sender=address, subject="Diffida è qui", attachments=ATTACHED
    )

    accepted, delivered = (judged(served, raw) for raw in originals(client))

    assert accepted.is_verified_receipt
    assert delivered.is_verified_receipt
    assert accepted.daticert
    assert delivered.daticert
    assert (accepted.daticert.kind, delivered.daticert.kind) == ("accettazione", "avvenuta-consegna")
    assert delivered.daticert.delivered_to == "consegna@pec.example"
    assert delivered.daticert.subject == f"Diffida è qui {code}"
    assert delivered.daticert.sender == address
    assert delivered.daticert.message_id == accepted.daticert.message_id
    assert accepted.postacert is None
    assert compare(delivered, PDF).matches


def test_the_apis_text_is_the_receipts_and_quotes_the_identificativo(
    served: Served, address: str, client: IMAPClient
) -> None:
    code = served.code_of_send("consegna@pec.example", sender=address)
    texts = [
        one["body"]
        for one in served.call("GET", f"/send/{code}", headers={"x-username": address}).json()["data"]
    ]

    for text, raw in zip(texts, originals(client), strict=True):
        facts = judged(served, raw).daticert
        assert facts
        assert f"Identificativo messaggio: {facts.identificativo}" in text
        assert base64.b64encode(text.encode())[:60] in raw


def test_a_mail_has_the_same_bytes_at_every_fetch_and_the_size_that_was_announced(
    served: Served, address: str, client: IMAPClient
) -> None:
    served.code_of_send("consegna@pec.example", sender=address, attachments=ATTACHED, body="<p>è</p>" * 99)
    client.noop()
    first, second = (client.fetch(client.search(), ["BODY.PEEK[]", "RFC822.SIZE"]) for _ in range(2))

    assert first.keys() == second.keys() == {1, 2}
    for uid, mail in first.items():
        assert mail[b"BODY[]"] == second[uid][b"BODY[]"]
        assert mail[b"RFC822.SIZE"] == len(mail[b"BODY[]"])
        assert b"\n" not in mail[b"BODY[]"].replace(b"\r\n", b"")


def test_chosen_header_lines_are_those_of_the_mail(served: Served, address: str, client: IMAPClient) -> None:
    served.code_of_send("consegna@pec.example", sender=address)
    client.noop()
    field = b"BODY[HEADER.FIELDS (X-RICEVUTA X-TRASPORTO)]"

    found = client.fetch(
        [1, 2], ["BODY.PEEK[HEADER.FIELDS (X-RICEVUTA X-TRASPORTO)]", "BODY.PEEK[HEADER]", "BODY.PEEK[]"]
    )

    assert found[1][field] == b"X-Ricevuta: accettazione\r\n\r\n"
    assert found[2][field] == b"X-Ricevuta: avvenuta-consegna\r\n\r\n"
    assert found[2][b"BODY[]"].startswith(found[2][b"BODY[HEADER]"])
    assert found[2][b"BODY[HEADER]"].endswith(b"\r\n\r\n")


def test_a_mail_can_be_read_in_parts(served: Served, address: str, client: IMAPClient) -> None:
    served.code_of_send("consegna@pec.example", sender=address, attachments=ATTACHED)
    client.noop()
    whole = client.fetch([2], ["BODY.PEEK[]"])[2][b"BODY[]"]

    parts = [
        client.fetch([2], [f"BODY.PEEK[]<{start}.10000>"])[2][f"BODY[]<{start}>".encode()]
        for start in range(0, len(whole), 10_000)
    ]

    assert len(parts) > 3
    assert b"".join(parts) == whole


def test_peeking_marks_nothing_as_read_and_fetching_does(served: Served, address: str) -> None:
    served.code_of_send("consegna@pec.example", sender=address)
    with served.imap(address, readonly=False) as client:
        client.fetch([1, 2], ["BODY.PEEK[]"])
        client.fetch([1], ["BODY[]"])

        assert client.get_flags([1, 2]) == {1: (b"\\Seen",), 2: ()}


def test_idle_is_woken_by_a_send_of_the_api_and_by_what_it_deletes(
    served: Served, address: str, client: IMAPClient
) -> None:
    client.idle()
    code = served.code_of_send("consegna@pec.example", sender=address)
    arrived = wait_until(lambda: client.idle_check(timeout=5))
    served.call("DELETE", f"/send/{code}", headers={"x-username": address})
    gone = wait_until(lambda: [one for one in client.idle_check(timeout=5) if one[1] == b"EXPUNGE"])
    client.idle_done()

    assert arrived[0][1] == b"EXISTS"
    assert gone[0][1] == b"EXPUNGE"


def test_idle_is_woken_when_a_mail_falls_due(tmp_path_factory: pytest.TempPathFactory) -> None:
    slow = ("--rate", "1e9", "--acceptance-delay", "0.2", "--delivery-delay", "0.6")
    with serving_imap(tmp_path_factory.mktemp("slow"), *slow) as served, served.imap() as client:
        served.code_of_send("consegna@pec.example")
        client.idle()
        started_at = time.monotonic()
        seen: list[tuple[int, bytes]] = []
        while (2, b"EXISTS") not in seen:
            assert time.monotonic() < started_at + 10, seen
            seen += client.idle_check(timeout=5)
        client.idle_done()

    assert seen == [(1, b"EXISTS"), (2, b"EXISTS")]


def test_uid_expunge_deletes_those_and_no_other_for_the_api_too(served: Served, address: str) -> None:
    for _ in range(2):
        served.code_of_send("consegna@pec.example", sender=address)
    headers = {"x-username": address}
    used = served.call("GET", "/quota/inbox", headers=headers).json()["data"]["usage"]

    with served.imap(address, readonly=False) as client:
        client.add_flags([1, 2, 3], [b"\\Deleted"])
        client.uid_expunge([1, 2])
        left = client.search()

    assert left == [3, 4]
    assert served.call("GET", "/inbox", headers=headers).json()["total"] == 2
    assert served.call("GET", "/quota/inbox", headers=headers).json()["data"]["usage"] < used


def test_what_the_api_deletes_is_gone_by_imap_and_numbers_never_come_again(
    served: Served, address: str, client: IMAPClient
) -> None:
    served.code_of_send("consegna@pec.example", sender=address)
    served.call("DELETE", "/inbox/2", headers={"x-username": address})
    served.code_of_send("silenzio@pec.example", sender=address)
    client.noop()

    assert client.search() == [1, 3]
    assert client.search(["UID", "9:*"]) == [3]  # as servers do


def test_a_folder_that_is_examined_can_not_be_changed(
    served: Served, address: str, client: IMAPClient
) -> None:
    served.code_of_send("consegna@pec.example", sender=address)
    client.noop()

    with pytest.raises(client.Error, match=r"(?i)read.?only"):
        client.add_flags([1], [b"\\Deleted"])


def test_two_sessions_of_one_mailbox_see_the_same(served: Served, address: str, client: IMAPClient) -> None:
    served.code_of_send("consegna@pec.example", sender=address)
    client.noop()
    with served.imap(address, readonly=False) as other:
        other.add_flags([1], [b"\\Deleted"])
        other.uid_expunge([1])
    client.noop()

    assert client.search() == [2]


def test_a_user_who_logs_in_before_the_first_send_sees_what_is_sent_later(served: Served) -> None:
    with served.imap("user-7") as client:
        served.code_of_send("consegna@pec.example", sender="seven@pec.example", username="user-7")

        assert len(originals(client)) == 2


def test_the_recipient_gets_the_pec_in_an_envelope(served: Served, address: str) -> None:
    recipient = f"to-{address}"
    with served.imap(recipient) as client:
        served.code_of_send(recipient, sender=address, attachments=ATTACHED)
        (raw,) = originals(client)

    envelope = judged(served, raw)
    assert raw.startswith(b"X-Trasporto: posta-certificata\r\n")
    assert (envelope.verdict, envelope.is_verified_receipt) == (Verdict.VERIFIED, False)
    assert compare(envelope, PDF).matches


def test_consegna_weighs_its_real_bytes(served: Served, address: str, client: IMAPClient) -> None:
    served.code_of_send("consegna@pec.example", sender=address, attachments=ATTACHED)
    total = sum(map(len, originals(client)))

    usage = served.call("GET", "/quota/inbox", headers={"x-username": address}).json()["data"]["usage"]
    assert usage == -(-total // 1024)


def test_the_credentials_of_the_api_open_the_mailbox_and_no_others(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    only = ("--mailbox", f"{SENDER}:studio:password")
    with serving_imap(tmp_path_factory.mktemp("known"), *AT_ONCE, *only) as served:
        served.imap("studio").logout()
        with pytest.raises(LoginError):
            served.imap("another")


def test_one_of_a_hundred_thousand_mails_is_found_quickly(served: Served, address: str) -> None:
    """A listing that copied the mailbox at each command would take minutes."""
    mail = b"From: a@pec.example\r\nSubject: x\r\n\r\nx\r\n"
    with served.imap(address, readonly=False) as client:
        client.append("INBOX", mail)
        for _ in range(17):
            client.copy("1:*", "INBOX")
            client.noop()
        everything = client.folder_status("INBOX", ["MESSAGES", "UIDNEXT"])
        started_at = time.monotonic()
        for start in range(1, 100_000, 5_000):
            uids = client.search(["UID", f"{start}:{start + 499}"])
            client.fetch(uids[:10], ["RFC822.SIZE"])

    assert everything[b"MESSAGES"] == 2**17
    assert time.monotonic() - started_at < 20
