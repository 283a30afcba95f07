"""`pec resend` and `pec discard`: what an operator decides of a held message."""

import pytest

from pec.names import Queue, State
from pec.store import records
from pec.store.store import Store
from producers import Producer
from tests.integration.commands import Pec
from tests.integration.producing import SEND, TakeJobs


def test_resending_a_held_message_looks_for_it_once_more(pec: Pec, store: Store, held: str) -> None:
    [resent] = pec("resend", held, "--json").lines

    assert resent["resend"] is True
    assert store.client.zscore(store.keys.due(Queue.LOOKUP), held) is not None


def test_a_discarded_message_has_failed(pec: Pec, store: Store, held: str) -> None:
    assert pec("discard", held).code == 0

    message = records.read(store, held)
    assert message is not None
    assert (message.state, message.reason and message.reason.code) == (State.FAILED, "discarded")


@pytest.mark.parametrize("command", ["resend", "discard"])
def test_only_a_held_message_can_be_decided(
    pec: Pec, producer: Producer, take_jobs: TakeJobs, command: str
) -> None:
    producer.send("inv-1", **SEND)
    take_jobs()

    refused = pec(command, "inv-1")

    assert refused.code == 3
    assert "inv-1 is queued: only a held message" in refused.err


def test_one_of_several_messages_must_be_named(pec: Pec, producer: Producer, take_jobs: TakeJobs) -> None:
    producer.send("inv-1", **{**SEND, "recipient": ["a@pec.example", "b@pec.example"]})
    take_jobs()

    assert "inv-1#1, inv-1#2" in pec("resend", "inv-1").err
