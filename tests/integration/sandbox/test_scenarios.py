"""The recipient's name decides which receipts come; both shapes show them in full."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.sandbox import schemas
from tests.integration.sandbox.schemas import check, listed, success
from tests.integration.sandbox.serving import AT_ONCE, SENDER, Served, serving, wait_until

ACCEPTED = "ACCETTAZIONE"
DELIVERED = "CONSEGNA"
NOT_DELIVERED = "AVVISO DI MANCATA CONSEGNA"
TIMEOUT = "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO"
WHEN = r"Il giorno \d\d/\d\d/\d{4} alle ore \d\d:\d\d:\d\d \(\+0[12]00\) "


@pytest.fixture(scope="module")
def api() -> Iterator[Served]:
    with serving(*AT_ONCE) as served:
        yield served


@pytest.fixture(scope="module")
def documented() -> Iterator[Served]:
    with serving(*AT_ONCE, "--shape", "documented") as served:
        yield served


def receipts(api: Served, code: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.call("GET", f"/send/{code}").json()["data"]
    return found


def prefixes(api: Served, code: str) -> list[str]:
    return [receipt["subject"].removesuffix(f": Diffida {code}") for receipt in receipts(api, code)]


def text_of(api: Served, story: str, position: int) -> str:
    text: str = receipts(api, api.code_of_send(f"{story}@pec.example"))[position]["body"]
    return text


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("consegna@pec.example", [ACCEPTED, DELIVERED]),
        ("anyone@pec.example", [ACCEPTED, DELIVERED]),
        ("mancata-consegna@pec.example", [ACCEPTED, NOT_DELIVERED]),
        ("mancata-consegna+17@pec.example", [ACCEPTED, NOT_DELIVERED]),
        ("casella-piena@pec.example", [ACCEPTED, NOT_DELIVERED]),
        ("Mancata-Consegna@pec.example", [ACCEPTED, NOT_DELIVERED]),
        ("non-accettazione@pec.example", ["AVVISO DI NON ACCETTAZIONE"]),
        ("virus@pec.example", ["AVVISO DI NON ACCETTAZIONE PER VIRUS"]),
        ("preavviso@pec.example", [ACCEPTED, TIMEOUT, DELIVERED]),
        ("tempo-massimo@pec.example", [ACCEPTED, TIMEOUT, TIMEOUT]),
        ("posta-ordinaria@example.com", [ACCEPTED]),
        ("silenzio@pec.example", [ACCEPTED]),
    ],
)
def test_each_story_has_its_receipts(api: Served, recipient: str, expected: list[str]) -> None:
    assert prefixes(api, api.code_of_send(recipient)) == expected


def test_a_receipt_goes_from_the_provider_to_the_senders_own_mailbox(api: Served) -> None:
    for receipt in receipts(api, api.code_of_send("consegna@pec.example")):
        assert receipt["sender"] == "posta-certificata@pecmassiva.example"
        assert receipt["recipient"] == SENDER


def test_accettazione_names_everyone_and_who_is_not_certified(api: Served) -> None:
    code = api.code_of_send(["consegna@pec.example", "posta-ordinaria@example.com"])

    assert re.fullmatch(
        WHEN + rf'il messaggio "Diffida {code}" proveniente da "{SENDER}" ed indirizzato a: '
        r'consegna@pec\.example \("posta certificata"\), posta-ordinaria@example\.com \("posta ordinaria"\) '
        r"è stato accettato dal sistema ed inoltrato\. Identificativo messaggio: \S+",
        receipts(api, code)[0]["body"],
    )


def test_consegna_names_its_recipient(api: Served) -> None:
    code = api.code_of_send("consegna@pec.example")

    assert re.match(
        WHEN + rf'il messaggio "Diffida {code}" proveniente da "{SENDER}" ed indirizzato a '
        r'"consegna@pec\.example" è stato consegnato nella casella di destinazione\.',
        receipts(api, code)[1]["body"],
    )


def test_mancata_consegna_names_its_recipient_and_error(api: Served) -> None:
    code = api.code_of_send("mancata-consegna@pec.example")

    assert re.match(
        WHEN + rf'nel messaggio "Diffida {code}" proveniente da "{SENDER}" e destinato all\'utente '
        r'"mancata-consegna@pec\.example" è stato rilevato un errore 5\.1\.1 - .+ - indirizzo non valido\. '
        r"Il messaggio è stato rifiutato dal sistema\.",
        receipts(api, code)[1]["body"],
    )


def test_the_two_notices_of_time_differ_only_in_their_text(api: Served) -> None:
    twelve, twenty_four = text_of(api, "tempo-massimo", 1), text_of(api, "tempo-massimo", 2)

    assert "dodici ore" in twelve
    assert "ventiquattro ore" not in twelve
    assert "5.4.1" not in twelve
    assert "ventiquattro ore" in twenty_four
    assert "errore 5.4.1 - " in twenty_four
    assert "dodici ore" not in twenty_four


@pytest.mark.parametrize("story", ["non-accettazione", "virus"])
def test_refusals_say_that_the_message_was_not_accepted(api: Served, story: str) -> None:
    assert "Il messaggio non è stato accettato." in text_of(api, story, 0)


def test_several_recipients_have_one_accettazione_and_an_end_each(api: Served) -> None:
    code = api.code_of_send(["a@pec.example", "mancata-consegna@pec.example", "b@pec.example"])

    assert prefixes(api, code) == [ACCEPTED, DELIVERED, NOT_DELIVERED, DELIVERED]
    named = [re.findall(r'"(\S+@pec\.example)"', receipt["body"])[1:] for receipt in receipts(api, code)[1:]]
    assert named == [["a@pec.example"], ["mancata-consegna@pec.example"], ["b@pec.example"]]


def test_one_refused_recipient_refuses_the_message_for_all(api: Served) -> None:
    code = api.code_of_send(["a@pec.example", "non-accettazione@pec.example"])

    assert prefixes(api, code) == ["AVVISO DI NON ACCETTAZIONE"]


def test_a_mailbox_that_writes_to_itself_finds_the_message_too(api: Served) -> None:
    code = api.code_of_send(SENDER)

    assert prefixes(api, code) == [ACCEPTED, "POSTA CERTIFICATA", DELIVERED]
    message = receipts(api, code)[1]
    assert message["sender"] == f'"Per conto di: {SENDER}" '
    assert message["body"] == "<p>Salve</p>"


def test_a_search_for_a_code_finds_what_has_it_anywhere_in_its_subject(api: Served) -> None:
    code = api.code_of_send("silenzio@pec.example")
    reply = {"mailbox": SENDER, "sender": "a@pec.example", "subject": f"Re: {code}, grazie", "text": "Salve"}
    api.call("POST", "/_sandbox/receipts", json=reply)

    assert [found["subject"] for found in receipts(api, code)] == [
        f"ACCETTAZIONE: Diffida {code}",
        f"Re: {code}, grazie",
    ]
    assert receipts(api, code[:-1])[: len(receipts(api, code))]


def test_the_live_shape_strips_angle_brackets(api: Served) -> None:
    code = api.code_of_send(SENDER)

    body = check(api.call("GET", f"/send/{code}"), 200, success(data=listed(schemas.LIVE_ITEM)))
    assert all("<" not in item["sender"] for item in body["data"])


def test_the_documented_shape_has_other_names(documented: Served) -> None:
    code = documented.code_of_send(SENDER)

    answer = documented.call("GET", f"/send/{code}")
    body = check(answer, 200, success(data=listed(schemas.DOCUMENTED_ITEM)))
    accepted, message, delivered = body["data"]
    assert accepted["object"] == f"ACCETTAZIONE: Diffida {code}"
    assert message["sender"] == f'"Per conto di: {SENDER}" <posta-certificata@pecmassiva.example>'
    assert "è stato consegnato" in delivered["message"]


def test_receipts_come_no_earlier_than_they_are_due() -> None:
    with serving("--acceptance-delay", "0.2", "--delivery-delay", "0.5") as api:
        sent = time.monotonic()
        code = api.code_of_send("consegna@pec.example")

        wait_until(lambda: api.call("GET", f"/send/{code}").status_code == 200)
        assert time.monotonic() - sent >= 0.2
        wait_until(lambda: prefixes(api, code) == [ACCEPTED, DELIVERED])
        assert time.monotonic() - sent >= 0.5


def test_codes_are_local_time_and_never_the_same(api: Served) -> None:
    codes = [api.code_of_send("silenzio@pec.example") for _ in range(50)]

    assert len(set(codes)) == 50
    assert all(re.fullmatch(r"20\d{12}\d{1,2}", code) for code in codes)
