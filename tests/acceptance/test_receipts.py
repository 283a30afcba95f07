"""Receipts as providers were seen to write them, from XADD to the end: lists, subjects, codes, domains."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from redis import Redis

from tests.acceptance.site import Site, eventually, site


@pytest.fixture
def at(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    with site(redis, redis_url, tmp_path) as found:
        yield found


def write(at: Site, **writing: str | int) -> None:
    """Let the network write so from now on."""
    requests.post(f"{at.sandbox_url}/_sandbox/writing", json=writing, timeout=30).raise_for_status()


def outcomes(at: Site, message_id: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(at.message(message_id).get("outcomes", "{}"))
    return found


def test_recipients_on_lines_of_their_own_are_read(at: Site) -> None:
    write(at, recipients="list")
    at.add(id="ordinary", recipient="posta-ordinaria@mail.example", subject="Avviso")
    both = ["posta-ordinaria@mail.example", "consegna@pec.example"]
    at.add(id="both", recipient=both, together=True, subject="Avviso")
    at.add(id="lost", recipient="errore-500-inviata@pec.example", subject="Avviso senza", reference=False)
    with at.workers():
        eventually(lambda: at.state("ordinary") == at.state("both") == "uncertified")
        assert outcomes(at, "both") == dict(zip(both, ("uncertified", "delivered"), strict=True))
        eventually(lambda: at.state("lost") == "delivered")
    assert len(at.sent()) == 3


@pytest.mark.parametrize("digits", [1, 3, 6])
def test_codes_of_one_to_six_digits_after_the_time_are_found_after_a_lost_answer(
    at: Site, digits: int
) -> None:
    write(at, code_digits=digits)
    for number in range(4):
        at.add(id=f"lost-{number}", recipient=f"errore-500-inviata+{number}@pec.example", subject="Avviso")
    at.add(id="plain", recipient="consegna@pec.example", subject="Avviso")
    with at.workers():
        ids = ["plain", *(f"lost-{number}" for number in range(4))]
        eventually(lambda: {at.state(one) for one in ids} == {"delivered"})
    assert {len(one["code"]) for one in at.sent()} == {14 + digits}
    assert len(at.sent()) == 5


def test_an_answer_whose_digits_are_no_code_is_looked_for_and_never_failed(at: Site) -> None:
    write(at, code_digits=7)
    at.add(id="odd", recipient="consegna@pec.example", subject="Avviso")
    with at.workers():
        eventually(lambda: at.state("odd") == "uncertain")
        eventually(lambda: at.state("odd") == "held")
    assert len(at.sent()) == 1


@pytest.mark.parametrize("spelling", ["encoded", "underscored", "straightened", "stripped"])
def test_receipts_are_ours_however_their_subject_is_spelled(at: Site, spelling: str) -> None:
    write(at, subject=spelling)
    subjects = {
        "quotes": "Convocazione dell’assemblea – “Bilancio”",
        "brackets": "Gara <lotto 3> n. 5",
        "accents": "Comunicazione per la società Rossi",
    }
    for message_id, subject in subjects.items():
        at.add(id=message_id, recipient=f"{message_id}@pec.example", subject=subject)
        at.add(id=f"bare-{message_id}", recipient="bare@pec.example", subject=subject, reference=False)
        at.add(id=f"lost-{message_id}", recipient="errore-500-inviata@pec.example", subject=subject)
    bare_and_lost = {"recipient": "errore-500-inviata@pec.example", "subject": subjects["brackets"]}
    at.add(id="bare-lost", reference=False, **bare_and_lost)
    ids = [f"{before}{message_id}" for before in ("", "bare-", "lost-") for message_id in subjects]
    ids.append("bare-lost")
    with at.workers():
        eventually(lambda: {at.state(one) for one in ids} == {"delivered"})
    assert len(at.sent()) == len(ids)


def test_a_domain_in_unicode_and_in_punycode_are_one(at: Site) -> None:
    both = ["a@societ\u00e0.example", "posta-ordinaria@Societ\u00e0.example"]
    at.add(id="both", recipient=both, together=True, subject="Avviso")
    at.add(id="lost", recipient="errore-500-inviata@citt\u00e0.example", subject="Altro", reference=False)
    at.add(id="ascii", recipient="a@xn--societ-nta.example", subject="Avviso")
    at.add(id="ordinary", recipient="posta-ordinaria@citt\u00e0.example", subject="Avviso")
    with at.workers():
        eventually(lambda: at.state("both") == at.state("ordinary") == "uncertified")
        eventually(lambda: at.state("lost") == at.state("ascii") == "delivered")
    assert outcomes(at, "both") == {both[0]: "delivered", both[1].lower(): "uncertified"}
    assert at.message("ascii")["recipient"] == both[0]
    assert all(recipient.isascii() for one in at.sent() for recipient in one["recipients"])
