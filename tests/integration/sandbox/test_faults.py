"""Faults of POST /send: the client's view on the wire, and the PECs that were sent."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.integration.sandbox.schemas import check, failure
from tests.integration.sandbox.serving import (
    AT_ONCE,
    SENDER,
    Served,
    pec,
    raw_request,
    serving,
    wait_until,
    write_send,
)

DATABASE_ERROR = failure("MySQL Error 1205")


@pytest.fixture(scope="module")
def api() -> Iterator[Served]:
    with serving(*AT_ONCE) as served:
        yield served


def inbox_total(api: Served, subject: str) -> int:
    total: int = api.call("GET", "/inbox", params={"q": subject}).json()["total"]
    return total


def last_post(api: Served) -> dict[str, Any]:
    return [seen for seen in api.requests() if seen["method"] == "POST"][-1]


def test_errore_500_sends_nothing(api: Served) -> None:
    check(api.send("errore-500@pec.example", subject="nothing sent"), 500, DATABASE_ERROR)

    assert api.sent_with("nothing sent") == []
    assert inbox_total(api, "nothing sent") == 0


def test_errore_500_inviata_sends_and_then_fails(api: Served) -> None:
    check(api.send("errore-500-inviata@pec.example", subject="sent, then 500"), 500, DATABASE_ERROR)

    (sent,) = api.sent_with("sent, then 500")
    assert inbox_total(api, sent["code"]) == 2


def test_a_fault_happens_on_every_attempt(api: Served) -> None:
    for _ in range(2):
        assert api.send("errore-500-inviata+again@pec.example", subject="twice").status_code == 500

    assert len(api.sent_with("twice")) == 2


def test_a_fault_of_one_recipient_is_a_fault_of_the_call(api: Served) -> None:
    answer = api.send(["a@pec.example", "errore-500@pec.example"], subject="one of two")

    check(answer, 500, DATABASE_ERROR)
    assert api.sent_with("one of two") == []


def test_connessione_chiusa_sends_and_resets(api: Served) -> None:
    with closing(api.connect()) as connection:
        write_send(connection, "connessione-chiusa@pec.example", "reset")

        with pytest.raises(ConnectionResetError):
            connection.recv(1)

    assert inbox_total(api, api.sent_with("reset")[0]["code"]) == 2
    assert last_post(api)["status"] is None


def test_risposta_persa_sends_and_holds_the_connection_in_silence(api: Served) -> None:
    with closing(api.connect()) as connection:
        write_send(connection, "risposta-persa@pec.example", "silence")
        (sent,) = wait_until(lambda: api.sent_with("silence"))

        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)

    assert inbox_total(api, sent["code"]) == 2
    assert last_post(api)["status"] is None


def test_a_client_that_leaves_in_mid_body_sent_nothing(api: Served) -> None:
    body = json.dumps(pec("consegna@pec.example", subject="cut off")).encode()
    before = len(api.requests())
    with closing(api.connect()) as connection:
        connection.sendall(raw_request(body, length=len(body) + 1))
        wait_until(lambda: len(api.requests()) > before)

    wait_until(lambda: last_post(api)["status"] == 400)
    assert api.sent_with("cut off") == []


def test_a_refusal_lets_the_client_finish_writing(api: Served) -> None:
    with closing(api.connect()) as connection:
        connection.sendall(raw_request(bytes(20_000_000), token="wrong"))

        assert connection.recv(12) == b"HTTP/1.1 401"


def plant(api: Served, operation: str, status: int, body: Any, **fields: Any) -> None:
    fault = {"operation": operation, "status": status, "body": body, **fields}
    assert api.call("POST", "/_sandbox/fault", json=fault).status_code == 201


def test_a_planted_answer_takes_the_place_of_the_real_one_so_many_times(api: Served) -> None:
    plant(api, "POST /send", 402, {"success": False, "message": "Insufficient credit"}, times=2)

    for _ in range(2):
        check(api.send("a@pec.example", subject="no credit"), 402, failure("Insufficient credit"))
    assert api.sent_with("no credit") == []
    assert api.send("a@pec.example", subject="no credit").status_code == 201


@pytest.mark.parametrize(
    ("operation", "method", "path"),
    [
        ("GET /send/{code}", "GET", "/send/1"),
        ("DELETE /send/{code}", "DELETE", "/send/1"),
        ("GET /inbox", "GET", "/inbox"),
        ("GET /inbox/{id}", "GET", "/inbox/1"),
        ("DELETE /inbox/{id}", "DELETE", "/inbox/1"),
        ("GET /quota/{mailbox}", "GET", "/quota/inbox"),
    ],
)
def test_every_operation_can_be_given_an_answer(api: Served, operation: str, method: str, path: str) -> None:
    plant(api, operation, 502, "<h1>Bad gateway</h1>")

    answer = api.call(method, path)
    assert (answer.status_code, answer.text) == (502, "<h1>Bad gateway</h1>")
    assert answer.headers["content-type"].startswith("text/html")
    assert api.call(method, path).status_code != 502


def test_a_planted_answer_can_have_headers(api: Served) -> None:
    plant(api, "POST /send", 307, "", headers={"Location": "/elsewhere"})

    answer = api.send("a@pec.example")
    assert (answer.status_code, answer.headers["location"]) == (307, "/elsewhere")


@pytest.mark.parametrize("operation", ["POST /inbox", "GET /sned", "send", "GET /send/{id}"])
def test_an_answer_for_no_operation_is_refused_and_the_right_ones_are_reported(
    api: Served, operation: str
) -> None:
    fault = {"operation": operation, "status": 500, "body": ""}

    answer = api.call("POST", "/_sandbox/fault", json=fault)
    assert answer.status_code == 422
    assert "POST /send" in answer.text


def test_a_planted_mail_can_be_from_anyone_and_carry_a_code(api: Served) -> None:
    forged = {
        "mailbox": SENDER,
        "sender": "<evil@example.com>",
        "subject": "CONSEGNA: x",
        "text": "t",
        "code": "77",
    }
    assert api.call("POST", "/_sandbox/receipts", json=forged).status_code == 201

    (found,) = api.call("GET", "/send/77").json()["data"]
    assert found["subject"] == "CONSEGNA: x 77"
    assert found["recipient"] == SENDER
