"""`pec poll`: the receipts of a PEC that another program sent."""

from producers import Producer
from tests.integration.commands import Pec
from tests.integration.producing import jobs_in


def test_a_pec_sent_elsewhere_is_polled(pec: Pec, producer: Producer) -> None:
    polled = pec("poll", "2020082610003492", "--account", "acme", "--json")

    assert jobs_in(producer) == [
        {"type": "poll", "id": polled.lines[0]["id"], "account": "acme", "code": "2020082610003492"}
    ]


def test_a_code_that_is_none_is_rejected(pec: Pec) -> None:
    assert pec("poll", "12", "--account", "acme").code == 3
