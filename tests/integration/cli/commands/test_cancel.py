"""`pec cancel`: a job that cancels, and a note if nothing is known of the name."""

from producers import Producer
from tests.integration.commands import Pec
from tests.integration.producing import jobs_in


def test_cancelling_puts_the_job(pec: Pec, producer: Producer) -> None:
    pec("cancel", "inv-1")
    pec("cancel", "--batch", "b1")

    assert jobs_in(producer) == [{"type": "cancel", "id": "inv-1"}, {"type": "cancel", "batch": "b1"}]


def test_a_cancel_of_an_unknown_name_says_so(pec: Pec, producer: Producer) -> None:
    """A slip of the pen is not to look like a campaign that was stopped."""
    assert "b1 does not exist yet: if it comes within a day" in pec("cancel", "--batch", "b1").err
    assert "inv-1 does not exist yet: if it comes within a day" in pec("cancel", "inv-1").err


def test_a_message_or_a_batch_must_be_named(pec: Pec) -> None:
    assert pec("cancel").code == 2
