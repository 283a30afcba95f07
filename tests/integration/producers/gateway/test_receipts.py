"""GET and DELETE /send/{code}: stored receipts under the code that this client was given, and no other's."""

import json
from typing import Any

import pytest
from redis import Redis

from pec.names import Queue, State
from pec.reasons import reason_by_code
from pec.receipts import Kind
from pec.store.store import Store
from tests.integration.producers.gateway.receiving import add_receipt, job_id, sent
from tests.integration.producers.gateway.serving import MAILBOX, SENDER, Served, a_token
from tests.integration.producing import TakeJobs


def shown(gateway: Served, code: str, **of: Any) -> Any:
    answer = gateway.call("GET", f"/send/{code}", headers=MAILBOX, **of)
    return answer.json()["data"] if answer.status_code == 200 else (answer.status_code, answer.json())


EMPTY = (404, {"success": False, "message": "Result empty"})


def test_there_is_nothing_until_a_receipt_is_stored(
    gateway: Served, take_jobs: TakeJobs, store: Store, redis: Redis
) -> None:
    code = sent(gateway)
    assert shown(gateway, code) == EMPTY
    take_jobs()
    assert shown(gateway, code) == EMPTY

    add_receipt(store, job_id(redis), Kind.ACCETTAZIONE)

    assert shown(gateway, code) == [
        {
            "sender": "posta-certificata@pec.example",
            "recipient": SENDER,
            "date": "Mon, 23 Nov 2026 10:30:00 +0100",
            "subject": f"ACCETTAZIONE: Diffida {code}",
            "body": f'il messaggio "Diffida [rif. 97LP2] {code}" è stato accettato',
        }
    ]


def test_receipts_stand_in_their_order_with_the_headings_of_their_kinds(
    gateway: Served, take_jobs: TakeJobs, store: Store, redis: Redis
) -> None:
    code = sent(gateway)
    take_jobs()
    message = job_id(redis)
    add_receipt(store, message, Kind.MANCATA_CONSEGNA, 2, virus=True)
    add_receipt(store, message, Kind.PREAVVISO, 1)
    add_receipt(store, message, Kind.ACCETTAZIONE)

    assert [one["subject"].partition(":")[0] for one in shown(gateway, code)] == [
        "ACCETTAZIONE",
        "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO",
        "AVVISO DI MANCATA CONSEGNA PER VIRUS",
    ]


def test_an_acceptance_stands_before_the_delivery_of_the_same_second(
    gateway: Served, take_jobs: TakeJobs, store: Store, redis: Redis
) -> None:
    code = sent(gateway)
    take_jobs()
    message = job_id(redis)
    add_receipt(store, message, Kind.CONSEGNA)
    add_receipt(store, message, Kind.ACCETTAZIONE)

    assert [one["subject"].partition(":")[0] for one in shown(gateway, code)] == ["ACCETTAZIONE", "CONSEGNA"]


def test_all_recipients_of_a_request_are_under_its_code(
    gateway: Served, take_jobs: TakeJobs, store: Store, redis: Redis
) -> None:
    code = sent(gateway, recipient=["a@pec.example", "b@pec.example"])
    take_jobs()
    for key in sorted(redis.scan_iter("pec:message:*")):
        add_receipt(store, key.decode().removeprefix("pec:message:"), Kind.ACCETTAZIONE)

    assert len(shown(gateway, code)) == 2


def test_a_pec_that_never_left_shows_a_notice_that_is_no_receipt(
    gateway: Served, take_jobs: TakeJobs, redis: Redis
) -> None:
    code = sent(gateway)
    take_jobs()
    reason = json.dumps(reason_by_code("cancelled").as_dict())
    ended = {"state": State.CANCELLED, "ended_at": "2026-11-23T09:30:00.000Z", "reason": reason}
    redis.hset(f"pec:message:{job_id(redis)}", mapping={name: str(value) for name, value in ended.items()})

    [notice] = shown(gateway, code)
    assert notice["subject"] == f"AVVISO DI NON ACCETTAZIONE: Diffida {code}"
    assert "@" not in notice["sender"]
    assert "non è una ricevuta" in notice["body"]
    assert "cancelled" in notice["body"]


def test_a_job_that_workers_do_not_take_shows_a_notice(
    gateway: Served, take_jobs: TakeJobs, redis: Redis
) -> None:
    code = sent(gateway, body="<p>" + "x" * 5000 + "</p>")
    [upload] = redis.scan_iter("pec:upload:*")
    redis.delete(upload)
    take_jobs()

    [notice] = shown(gateway, code)
    assert "upload_missing" in notice["body"]


def test_what_a_client_deletes_is_gone_for_it_and_stays_in_the_record(
    gateway: Served, take_jobs: TakeJobs, store: Store, redis: Redis
) -> None:
    code = sent(gateway)
    take_jobs()
    message = job_id(redis)
    add_receipt(store, message, Kind.ACCETTAZIONE)

    deleted = gateway.call("DELETE", f"/send/{code}", headers=MAILBOX)
    assert (deleted.status_code, deleted.json()) == (200, {"success": True, "message": "Operation succefull"})
    assert shown(gateway, code) == EMPTY
    again = gateway.call("DELETE", f"/send/{code}", headers=MAILBOX)
    assert (again.status_code, again.json()) == (404, {"success": False, "message": "Email not found"})
    assert redis.hlen(f"pec:receipts:{message}") == 1

    add_receipt(store, message, Kind.CONSEGNA, 1)
    assert [one["subject"].partition(":")[0] for one in shown(gateway, code)] == ["CONSEGNA"]


def test_a_deletion_lets_no_receipt_leave_the_mailbox_before_its_proof_is_complete(
    gateway: Served, take_jobs: TakeJobs, store: Store, redis: Redis
) -> None:
    code = sent(gateway)
    take_jobs()
    add_receipt(store, job_id(redis), Kind.ACCETTAZIONE)

    assert gateway.call("DELETE", f"/send/{code}", headers=MAILBOX).status_code == 200

    assert redis.zcard(store.keys.purgeable("acme")) == 0
    assert redis.zcard(store.keys.due(Queue.PURGE)) == 0


@pytest.mark.parametrize("code", ["2026112309300042", "x", "2026112309300042 ", "²", "%2e%2e", "*"])
def test_a_code_that_was_not_given_is_empty(gateway: Served, code: str) -> None:
    assert shown(gateway, code)[0] == 404


def test_another_tenant_learns_nothing_about_a_code(
    gateway: Served, take_jobs: TakeJobs, store: Store, redis: Redis
) -> None:
    code = sent(gateway)
    take_jobs()
    add_receipt(store, job_id(redis), Kind.ACCETTAZIONE)
    other_tenant = a_token(store, "other", accounts=["beta"])

    with_own = {"x-username": "beta-user", "x-password": "beta-word"}
    existing = gateway.call("GET", f"/send/{code}", token=other_tenant, headers=with_own)
    other = gateway.call("GET", "/send/2020082610003492", token=other_tenant, headers=with_own)
    assert (existing.status_code, existing.json()) == (other.status_code, other.json()) == EMPTY

    stolen = gateway.call("GET", f"/send/{code}", token=other_tenant, headers=MAILBOX)
    assert stolen.status_code == 401


def test_a_request_without_mailbox_credentials_is_refused(gateway: Served) -> None:
    answer = gateway.call("GET", "/send/2026112309300042")

    assert (answer.status_code, answer.json()["message"]) == (401, "Authorization is not valid or empty")
