"""Flawed originals, and an IMAP door that goes wrong while the API works."""

import hashlib
import ssl
import time
from collections.abc import Iterator

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, LoginError

from archive import trust
from archive.signatures import Verdict, Verification, Why, verify
from tests.integration.sandbox.serving import AT_ONCE, Served, serving_imap
from tests.module_process import ROOT

LOST = (IMAPClientAbortError, ConnectionError, EOFError)


@pytest.fixture
def served(imap_sandbox: Served) -> Iterator[Served]:
    yield imap_sandbox
    imap_sandbox.make("imap")


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """A mailbox of the test's own."""
    return f"{request.node.name.partition('[')[0].replace('_', '-')}@pec.example"


def last_of(client: IMAPClient) -> bytes:
    client.noop()
    uid = client.search()[-1]
    raw: bytes = client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]
    return raw


def last_verdict(served: Served, address: str) -> Verification:
    with served.imap(address) as client:
        return verify(last_of(client), trust.profiles(served.anchors))


@pytest.mark.parametrize(
    ("story", "verdict", "why"),
    [
        ("contenuto-alterato", Verdict.ALTERED, Why.CONTENT_CHANGED),
        ("terza-parte", Verdict.ALTERED, Why.NOT_TWO_PARTS),
        ("ca-estranea", Verdict.INTACT, Why.UNKNOWN_ISSUER),
        ("firma-scaduta", Verdict.INTACT, Why.NOT_VALID_THEN),
        ("senza-firma", Verdict.UNSIGNED, Why.SIGNATURE_MISSING),
        ("senza-postacert", Verdict.VERIFIED, None),
        ("firma-ber", Verdict.VERIFIED, None),
        ("firma-sha1", Verdict.VERIFIED, None),
        ("righe-lf", Verdict.VERIFIED, None),
        ("intestazioni-cambiate", Verdict.VERIFIED, None),
    ],
)
def test_each_story_has_its_verdict(served: Served, story: str, verdict: Verdict, why: Why | None) -> None:
    address = f"{story}-sender@pec.example"
    served.code_of_send(f"{story}@pec.example", sender=address)

    found = last_verdict(served, address)

    assert (found.verdict, found.why) == (verdict, why)
    assert (found.postacert is None) == (
        story
        in ("contenuto-alterato", "terza-parte", "senza-firma", "senza-postacert", "intestazioni-cambiate")
    )


def test_the_signed_part_denies_what_changed_header_lines_say(served: Served, address: str) -> None:
    served.code_of_send("intestazioni-cambiate@pec.example", sender=address)
    with served.imap(address) as client:
        raw = last_of(client)

    assert raw.startswith(b"X-Ricevuta: avvenuta-consegna\r\n")
    facts = last_verdict(served, address).daticert
    assert facts
    assert (facts.kind, facts.error) == ("errore-consegna", "no-dest")


@pytest.mark.parametrize("story", ["risposta", "risposta-ordinaria"])
def test_an_answer_quotes_the_message_id_of_the_pec(served: Served, story: str) -> None:
    address = f"{story}-sender@pec.example"
    served.code_of_send(f"{story}@pec.example", sender=address)
    with served.imap(address) as client:
        answer = last_of(client)
        delivered = client.fetch([2], ["BODY.PEEK[]"])[2][b"BODY[]"]
    receipt = verify(delivered, trust.profiles(served.anchors))
    assert receipt.daticert

    envelope = verify(answer, trust.profiles(served.anchors))
    inside = envelope.postacert if story == "risposta" else answer

    assert inside
    assert f"In-Reply-To: {receipt.daticert.message_id}\r\n".encode() in inside
    assert envelope.verdict is (Verdict.VERIFIED if story == "risposta" else Verdict.UNSIGNED)


def test_another_sender_s_pec_with_a_file_can_be_put_into_a_mailbox(served: Served, address: str) -> None:
    served.make(
        "receipts",
        mailbox=address,
        sender="comune@pec.example",
        subject="Sollecito",
        text="Salve",
        kind="pec",
        attachments=[{"name": "atto.pdf", "file": "JVBERg=="}],
    )

    found = last_verdict(served, address)

    assert found.why is Why.ENVELOPE
    assert found.postacert
    assert b'filename="atto.pdf"' in found.postacert
    listed = served.call("GET", "/inbox", headers={"x-username": address}).json()["data"]
    assert [(one["object"], one["sender"]) for one in listed] == [
        ("POSTA CERTIFICATA: Sollecito", '"Per conto di: comune@pec.example" ')
    ]


def test_a_forged_receipt_is_an_ordinary_mail(served: Served, address: str) -> None:
    sender = "posta-certificata@pecmassiva.example"
    served.make("receipts", mailbox=address, sender=sender, subject="CONSEGNA: Diffida", text="x", code="1")

    assert last_verdict(served, address).verdict is Verdict.UNSIGNED


def test_a_door_that_is_down_drops_all_and_the_api_works(served: Served, address: str) -> None:
    with served.imap(address) as client:
        served.make("imap", down=True)
        with pytest.raises(LOST):
            client.noop()
    with pytest.raises(LOST):
        served.imap(address)
    served.code_of_send("consegna@pec.example", sender=address)
    served.make("imap")

    with served.imap(address) as client:
        assert client.search() == [1, 2]


def test_a_refused_password_is_an_answer(served: Served, address: str) -> None:
    served.make("imap", refuses_logins=True)

    with pytest.raises(LoginError, match="AUTHENTICATIONFAILED"):
        served.imap(address)


def test_a_slow_door_answers_late(served: Served, address: str) -> None:
    with served.imap(address) as client:
        served.make("imap", delay_seconds=0.3)
        started_at = time.monotonic()
        client.noop()

    assert time.monotonic() - started_at >= 0.3


def test_a_mail_is_cut_in_the_middle_once(served: Served, address: str) -> None:
    served.code_of_send("consegna@pec.example", sender=address)
    served.make("imap", cuts=1)
    with served.imap(address) as client:
        client.fetch([1], ["RFC822.SIZE"])  # is no mail
        with pytest.raises(LOST):
            last_of(client)

    assert last_verdict(served, address).verdict is Verdict.VERIFIED


def test_numbers_change_with_uidvalidity(served: Served, address: str) -> None:
    served.code_of_send("consegna@pec.example", sender=address)
    with served.imap(address) as client:
        before = client.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"]
        served.make("imap/uid-validity", mailbox=address)
        with pytest.raises(LOST):
            client.noop()

    with served.imap(address) as client:
        assert client.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"] > before
        assert client.search() == [3, 4]


def test_a_rule_files_what_is_there_and_what_comes(served: Served, address: str) -> None:
    served.code_of_send("consegna@pec.example", sender=address)
    moved = served.make("imap/rule", mailbox=address, subject="CONSEGNA", folder="Ricevute/2026")
    served.code_of_send("consegna@pec.example", sender=address)

    assert moved == {"count": 1}
    with served.imap(address) as client:
        assert {name for _, _, name in client.list_folders()} == {"INBOX", "Ricevute", "Ricevute/2026"}
        assert client.search() == [1, 3]
        client.select_folder("Ricevute/2026", readonly=True)
        assert client.search() == [1, 2]
    inbox = served.call("GET", "/inbox", headers={"x-username": address}).json()
    assert inbox["total"] == 4


def test_a_doubled_mail_has_the_same_bytes(served: Served, address: str) -> None:
    served.code_of_send("consegna@pec.example", sender=address)

    assert served.make("imap/double", mailbox=address, subject="CONSEGNA") == {"count": 1}

    with served.imap(address) as client:
        found = client.fetch([2, 3], ["BODY.PEEK[]"])
        assert found[2][b"BODY[]"] == found[3][b"BODY[]"]


def test_what_stands_in_a_mailbox_and_what_was_deleted_is_listed(served: Served, address: str) -> None:
    served.code_of_send("risposta@pec.example", sender=address)
    with served.imap(address, readonly=False) as client:
        raw = client.fetch([2], ["BODY.PEEK[]"])[2][b"BODY[]"]
        client.add_flags([2], [b"\\Deleted"])
        client.uid_expunge([2])

    stored = [one for one in served.call("GET", "/_sandbox/imap/mails").json() if one["mailbox"] == address]
    gone = [one for one in served.call("GET", "/_sandbox/imap/deleted").json() if one["mailbox"] == address]

    assert [(one["uid"], one["kind"], one["flags"]) for one in stored] == [
        (1, "receipt", []),
        (3, "envelope", []),
    ]
    assert [(one["kind"], one["sha256"]) for one in gone] == [("receipt", hashlib.sha256(raw).hexdigest())]
    assert time.time() - 60 < gone[0]["at"] <= time.time()


def test_a_consegna_can_come_after_all(served: Served, address: str) -> None:
    code = served.code_of_send("silenzio@pec.example", sender=address)

    assert served.call("POST", f"/_sandbox/delivered/{code}").ok
    assert served.call("POST", f"/_sandbox/delivered/{code}").status_code == 404

    found = last_verdict(served, address)
    assert found.daticert
    assert (found.is_verified_receipt, found.daticert.kind) == (True, "avvenuta-consegna")


def test_one_pair_of_tls_files_is_for_both(tmp_path_factory: pytest.TempPathFactory) -> None:
    pair = str(ROOT / "tests" / "localhost.pem")
    tls = ("--tls-cert", pair, "--tls-key", pair)
    with serving_imap(tmp_path_factory.mktemp("tls"), *AT_ONCE, *tls) as served:
        context = ssl.create_default_context(cafile=pair)
        context.check_hostname = False
        with IMAPClient("127.0.0.1", served.imap_port, ssl=True, ssl_context=context) as client:
            client.login("anyone", "password")
            assert client.folder_exists("INBOX")
