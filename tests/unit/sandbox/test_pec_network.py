"""The simulated network, fed by hand and on a clock of our own."""

from typing import Any

import pytest
from pydantic import ValidationError

from pec.api.wire import MAX_BYTES, SendRequest, SentFile
from sandbox.clock import Delays, Instant
from sandbox.pec_network import PecNetwork
from sandbox.scenarios import Fault

SENT_AT = Instant(100.0, 1598428834.0)
DELAYS = Delays(acceptance_seconds=1, delivery_seconds=5, hour_seconds=60)


def outgoing(*recipients: str, **fields: Any) -> SendRequest:
    return SendRequest.model_validate(
        {
            "sender": "Me@x",
            "recipient": list(recipients),
            "subject": "S",
            "body": "<p>",
            "username": "u",
            "password": "p",
            **fields,
        }
    )


def world() -> PecNetwork:
    return PecNetwork(DELAYS, quota_bytes=1_000_000)


def found(world: PecNetwork, address: str, seconds_later: float) -> list[str]:
    return [mail.subject for _, mail in world.mailbox(address).search("", SENT_AT.after(seconds_later))]


def test_receipts_fall_due_in_the_senders_mailbox() -> None:
    network = world()
    code = network.send(outgoing("a@x"), "digest", SENT_AT).code

    assert found(network, "me@x", 0.9) == []
    assert found(network, "me@x", 1) == [f"ACCETTAZIONE: S {code}"]
    assert found(network, "me@x", 5) == [f"ACCETTAZIONE: S {code}", f"CONSEGNA: S {code}"]


def test_a_recipient_in_use_here_gets_the_message_when_it_is_delivered() -> None:
    network = world()
    network.mailbox("a@x")
    network.mailbox("mancata-consegna@x")
    code = network.send(outgoing("A@x", "mancata-consegna@x"), "digest", SENT_AT).code

    assert found(network, "a@x", 4.9) == []
    assert found(network, "a@x", 5) == [f"POSTA CERTIFICATA: S {code}"]
    assert found(network, "mancata-consegna@x", 5) == []


def test_what_is_never_sent_has_no_code_and_no_entry() -> None:
    network = world()

    sending = network.send(outgoing("errore-500@x"), "digest", SENT_AT)

    assert (sending.code, sending.fault) == (None, Fault.NOTHING_SENT)
    assert network.ledger.sent == []
    assert found(network, "me@x", 999_999) == []


@pytest.mark.parametrize("story", ["errore-500-inviata", "risposta-persa", "connessione-chiusa"])
def test_other_faults_are_of_the_answer_alone(story: str) -> None:
    network = world()

    sending = network.send(outgoing(f"{story}@x"), "digest", SENT_AT)

    assert sending.fault
    assert [sent.code for sent in network.ledger.sent] == [sending.code]
    assert len(found(network, "me@x", 5)) == 2


def test_the_size_of_a_message_is_what_travels() -> None:
    one = outgoing("a@x", body="è", attachments={"name": "a", "file": "U2FsdmU="})

    assert one.attachments == (SentFile.model_construct(name="a", file=b"Salve"),)
    assert one.size_bytes == 2 + len("U2FsdmU=")


def test_too_big_is_a_matter_of_size_times_recipients() -> None:
    body = "x" * (MAX_BYTES // 2)

    assert not outgoing("a@x", "b@x", body=body).too_big
    assert outgoing("a@x", "b@x", body=body + "x").too_big
    assert not outgoing("a@x", body=body + "x").too_big


@pytest.mark.parametrize("file", ["data:text/plain,Salve", "U2FsdmU", "U2Fs dmU=", "è"])
def test_what_is_no_base64_is_refused(file: str) -> None:
    with pytest.raises(ValidationError):
        outgoing("a@x", attachments=[{"name": "a", "file": file}])
