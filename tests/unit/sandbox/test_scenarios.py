"""Stories are data: which receipts, about whom, and when."""

import pytest

from sandbox.clock import Delays, Instant
from sandbox.scenarios import SCENARIOS, Fault, Receipt, fault_of, receipts_due, scenario_of

SENT = Instant(1000.0, 1_795_000_000.0)
DELAYS = Delays(acceptance_seconds=1, delivery_seconds=5, hour_seconds=60)


def schedule(*recipients: str) -> list[tuple[Receipt, str | None, float]]:
    return [
        (due.receipt, due.recipient, due.at.monotonic_seconds - SENT.monotonic_seconds)
        for due in receipts_due(recipients, SENT, DELAYS)
    ]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_story_is_chosen_by_the_local_part_up_to_a_plus_in_any_case(name: str) -> None:
    assert scenario_of(f"{name.upper()}+acme+2@pec.example") is SCENARIOS[name]


@pytest.mark.parametrize(
    "address", ["rossi@pec.example", "virus.rossi@pec.example", "rossi+virus@pec.example"]
)
def test_any_other_name_is_delivered(address: str) -> None:
    assert scenario_of(address) is SCENARIOS["consegna"]


def test_accettazione_and_consegna_have_a_delay_each() -> None:
    assert schedule("a@x") == [(Receipt.ACCEPTANCE, None, 1), (Receipt.DELIVERY, "a@x", 5)]


def test_an_early_warning_comes_after_12_hours_and_consegna_one_later() -> None:
    assert schedule("preavviso@x")[1:] == [
        (Receipt.TWELVE_HOURS, "preavviso@x", 12 * 60),
        (Receipt.DELIVERY, "preavviso@x", 13 * 60),
    ]


def test_a_time_out_is_reported_after_12_and_24_hours() -> None:
    assert schedule("tempo-massimo@x")[1:] == [
        (Receipt.TWELVE_HOURS, "tempo-massimo@x", 12 * 60),
        (Receipt.TWENTY_FOUR_HOURS, "tempo-massimo@x", 24 * 60),
    ]


@pytest.mark.parametrize("name", ["posta-ordinaria", "silenzio"])
def test_some_are_accepted_and_get_no_further_receipt(name: str) -> None:
    assert schedule(f"{name}@x") == [(Receipt.ACCEPTANCE, None, 1)]


def test_only_ordinary_mail_is_not_certified() -> None:
    assert [name for name, story in SCENARIOS.items() if not story.certified] == ["posta-ordinaria"]


def test_a_refusal_of_one_is_all_that_anyone_gets() -> None:
    assert schedule("a@x", "virus@x", "b@x") == [(Receipt.VIRUS_REFUSAL, None, 1)]


def test_every_recipient_has_the_end_of_its_own_story() -> None:
    assert schedule("a@x", "silenzio@x", "mancata-consegna@x") == [
        (Receipt.ACCEPTANCE, None, 1),
        (Receipt.DELIVERY, "a@x", 5),
        (Receipt.NON_DELIVERY, "mancata-consegna@x", 5),
    ]


def test_the_first_fault_among_the_recipients_is_the_faults_of_the_call() -> None:
    assert fault_of(["a@x", "risposta-persa@x", "errore-500@x"]) is Fault.SENT_NO_ANSWER
    assert fault_of(["a@x", "virus@x"]) is None
