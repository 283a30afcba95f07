"""POST /send: each accepted request is exactly one job, whatever is repeated, lost or malformed."""

import base64
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis import Redis

from pec.store.store import Store, text
from tests.integration.producers.gateway.calls import jobs, pec
from tests.integration.producers.gateway.serving import DEADLINE_SECONDS, PASSWORD, Served, a_token

FILE = b"%PDF-1.4 " + bytes(range(256)) * 20


def refused(answer: Any, status: int, message: str) -> bool:
    return (answer.status_code, answer.json()) == (status, {"success": False, "message": message})


def test_a_send_is_one_job_without_credentials_and_a_code_of_the_vendor_s_form(
    gateway: Served, redis: Redis
) -> None:
    answer = gateway.call("POST", "/send", json=pec())

    assert answer.status_code == 201
    assert answer.json() == {
        "success": True,
        "message": "",
        "sent": 1,
        "message_id": answer.json()["message_id"],
    }
    assert re.fullmatch(r"20\d{12}\d{2}", answer.json()["message_id"])
    [job] = jobs(redis)
    assert job["account"] == "acme"
    assert PASSWORD not in json.dumps(job)


@pytest.mark.parametrize(
    "attachments",
    [
        [{"name": "a.pdf", "file": base64.b64encode(FILE).decode()}],
        {"name": "a.pdf", "file": base64.b64encode(FILE).decode()},
        [{"name": "a.pdf", "file": "data:application/pdf;base64," + base64.b64encode(FILE).decode()}],
        [{"name": "a.pdf", "file": {"type": "Buffer", "data": list(FILE)}}],
    ],
)
def test_every_form_of_an_attachment_is_the_same_bytes(
    gateway: Served, redis: Redis, attachments: Any
) -> None:
    assert gateway.call("POST", "/send", json=pec(attachments=attachments)).status_code == 201

    [job] = jobs(redis)
    [attached] = job["attachments"]
    assert redis.get(f"pec:upload:{attached['sha256']}") == FILE


def test_json_that_is_declared_as_a_form_is_read(gateway: Served, redis: Redis) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    assert gateway.call("POST", "/send", data=json.dumps(pec()), headers=form).status_code == 201
    assert len(jobs(redis)) == 1


def test_several_recipients_get_a_pec_each_and_one_who_stands_twice_gets_one(
    gateway: Served, redis: Redis
) -> None:
    answer = gateway.call(
        "POST", "/send", json=pec(recipient=["a@pec.example", "b@pec.example", "A@PEC.example"])
    )

    assert answer.json()["sent"] == 2
    assert jobs(redis)[0]["recipient"] == ["a@pec.example", "b@pec.example"]


@pytest.mark.parametrize(
    "fields",
    [
        {"recipient": "no address"},
        {"recipient": []},
        {"subject": "two\nlines"},
        {"subject": ""},
        {"body": " "},
        {"body": None},
        {"attachments": [{"name": "a", "file": "no base64!"}]},
        {"attachments": [{"name": "a/b", "file": "QQ=="}]},
        {"attachments": {"name": "a", "file": {"type": "Buffer", "data": [256]}}},
        {"attachments": {"name": "a", "file": {"type": "Buffer", "data": ["x"]}}},
    ],
)
def test_what_is_no_pec_is_refused_as_the_vendor_does(
    gateway: Served, redis: Redis, fields: dict[str, Any]
) -> None:
    assert refused(gateway.call("POST", "/send", json=pec(**fields)), 400, "Post parameter is not valid")
    assert jobs(redis) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"a":' * 5000])
def test_what_is_no_json_object_is_refused(gateway: Served, redis: Redis, body: bytes) -> None:
    assert refused(gateway.call("POST", "/send", data=body), 400, "Post parameter is not valid")


def test_the_same_request_again_is_one_pec(gateway: Served, redis: Redis) -> None:
    first, again = (gateway.call("POST", "/send", json=pec()) for _ in range(2))

    assert first.json() == again.json()
    assert len(jobs(redis)) == 1


def test_ten_repeats_at_once_are_one_pec(gateway: Served, redis: Redis) -> None:
    key = {"Idempotency-Key": "order-17"}
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: gateway.call("POST", "/send", json=pec(), headers=key), range(10)))

    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["message_id"] for one in answers}) == 1
    assert len(jobs(redis)) == 1


def test_another_key_is_another_pec(gateway: Served, redis: Redis) -> None:
    codes = {
        gateway.call("POST", "/send", json=pec(), headers={"Idempotency-Key": key}).json()["message_id"]
        for key in ("a", "b")
    }

    assert len(codes) == 2
    assert len({job["id"] for job in jobs(redis)}) == 2


def test_another_request_with_the_same_key_is_refused(gateway: Served, redis: Redis) -> None:
    key = {"Idempotency-Key": "order-17"}
    gateway.call("POST", "/send", json=pec(), headers=key)
    answer = gateway.call("POST", "/send", json=pec(subject="Altro"), headers=key)

    assert answer.status_code == 409
    assert answer.json()["success"] is False
    assert len(jobs(redis)) == 1


def test_the_same_request_with_another_token_is_another_pec(
    gateway: Served, redis: Redis, store: Store
) -> None:
    other = a_token(store, "other")
    codes = {
        gateway.call("POST", "/send", json=pec(), token=one).json()["message_id"]
        for one in ("", other)
        if one
    }
    codes.add(gateway.call("POST", "/send", json=pec()).json()["message_id"])

    assert len(codes) == 2
    assert len(jobs(redis)) == 2


def test_a_key_that_was_forgotten_still_has_the_same_job(gateway: Served, redis: Redis) -> None:
    key = {"Idempotency-Key": "order-17"}
    gateway.call("POST", "/send", json=pec(), headers=key)
    for record in redis.scan_iter("pec:once:*"):
        redis.delete(record)
    gateway.call("POST", "/send", json=pec(), headers=key)

    first, second = jobs(redis)
    assert first == second  # workers ignore an id that they know


def test_every_code_of_a_busy_second_is_another(gateway: Served) -> None:
    def send(number: int) -> str:
        code: str = gateway.call("POST", "/send", json=pec(subject=f"n. {number}")).json()["message_id"]
        return code

    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(send, range(150)))

    assert len(set(codes)) == 150
    assert all(re.fullmatch(r"\d{16,20}", code) for code in codes)


@pytest.mark.parametrize(
    "fields",
    [{"password": "wrong"}, {"username": "other"}, {"sender": "other@pec.example"}, {"password": ""}],
)
def test_other_credentials_than_the_configured_ones_are_refused(
    gateway: Served, redis: Redis, fields: dict[str, str]
) -> None:
    answer = gateway.call("POST", "/send", json=pec(**fields))

    assert refused(answer, 401, "Authorization is not valid or empty")
    assert jobs(redis) == []


def test_a_token_for_another_account_can_t_send_with_right_credentials(
    gateway: Served, redis: Redis, store: Store
) -> None:
    other = a_token(store, "other", accounts=["someone-else"])

    answer = gateway.call("POST", "/send", json=pec(), token=other)

    assert refused(answer, 401, "Authorization is not valid or empty")
    assert jobs(redis) == []


def test_guessing_a_password_is_slowed_down_and_the_right_one_waits_too(
    gateway: Served, redis: Redis
) -> None:
    statuses = [
        gateway.call("POST", "/send", json=pec(password=f"guess {number}")).status_code for number in range(6)
    ]
    right = gateway.call("POST", "/send", json=pec())

    assert statuses[:3] == [401, 401, 401]
    assert 429 in statuses
    assert right.status_code == 429
    assert int(right.headers["Retry-After"]) >= 1
    assert jobs(redis) == []


def test_no_key_of_redis_holds_the_password(gateway: Served, redis: Redis) -> None:
    gateway.call("POST", "/send", json=pec(), headers={"Idempotency-Key": "order-17"})

    held = [redis.dump(key) or b"" for key in redis.scan_iter()]
    assert held
    assert not any(PASSWORD.encode() in one for one in held)
    assert text(redis.type("pec:jobs")) == "stream"


def test_a_request_whose_answer_was_given_is_a_repeat_for_the_window_only(
    gateway: Served, redis: Redis
) -> None:
    for number in range(3):
        assert gateway.call("POST", "/send", json=pec(subject=str(number))).status_code == 201

    records = list(redis.scan_iter("pec:once:*"))
    assert len(records) == 3
    ends = time.monotonic() + DEADLINE_SECONDS
    while any(int(redis.ttl(name)) > 600 for name in records):
        assert time.monotonic() < ends
        time.sleep(0.05)
