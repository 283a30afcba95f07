"""The bytes that a token holds until workers take them: counted once, released in time, and bounded."""

from typing import Any

import pytest
from redis import Redis

from pec.content import sha256
from pec.problems import Problem
from pec.store import job_stream, once, uploaded
from pec.store.once import TooMuchHeld
from pec.store.store import Store, text_list
from tests.integration.producing import TakeJobs

LIMIT = 10_000
FILE = b"f" * 6_000


@pytest.fixture
def accepting(store: Store) -> Store:
    job_stream.ensure_group(store)
    return store


def accept(store: Store, record: str, *files: bytes, job: str = "{}", **fields: Any) -> once.Accepted:
    uploads = {sha256(file): file for file in files}
    chosen = {"holder": "token", "limit_bytes": LIMIT, **fields}
    return once.accept(
        store, once.Request(jobs=[job], record=record, fingerprint=record, uploads=uploads, **chosen)
    )


def held(redis: Redis) -> int:
    found: Any = redis.get("pec:holding:token:bytes")
    return int(found or 0)


def counts_since(redis: Redis, member: str) -> float:
    found: Any = redis.zscore("pec:holding:token", member)
    return float(found)


def reject_next(store: Store) -> None:
    [entry] = job_stream.read_new(store, "worker", 1, 100)
    job_stream.reject(store, entry, [Problem("job", "is wrong")], {})


def test_a_token_gets_no_more_than_its_share_and_others_get_theirs(accepting: Store, redis: Redis) -> None:
    accept(accepting, "a", FILE)

    with pytest.raises(TooMuchHeld) as refused:
        accept(accepting, "b", b"g" * 6_000)

    assert refused.value.wait_seconds == 30  # a waiting job may be taken soon
    assert not redis.exists(f"pec:upload:{sha256(b'g' * 6_000)}")
    assert redis.xlen("pec:jobs") == 1
    assert not accept(accepting, "b", b"g" * 6_000, holder="other").repeated


def test_a_repeat_gets_its_answer_however_much_the_token_holds(accepting: Store) -> None:
    first = accept(accepting, "a", FILE)
    accept(accepting, "b", b"g" * 1_000)

    again = accept(accepting, "a", FILE)

    assert (again.repeated, again.entries) == (True, first.entries)


def test_the_same_content_of_many_jobs_is_counted_once(accepting: Store, redis: Redis) -> None:
    for number in range(3):
        accept(accepting, str(number), b"f" * 2_000)

    assert held(redis) == 2_000 + 3 * len("{}")


def test_each_upload_and_each_job_counts_a_kilobyte_beside_its_bytes(accepting: Store, redis: Redis) -> None:
    for number in range(10):
        accept(accepting, str(number))

    with pytest.raises(TooMuchHeld):
        accept(accepting, "10")

    assert held(redis) == 10 * len("{}")


def test_what_a_worker_took_is_held_no_more(store: Store, redis: Redis, take_jobs: TakeJobs) -> None:
    body = b"<p>Salve</p>" * 500
    job = '{"type":"send","id":"m1","account":"acme","recipient":"a@pec.example","subject":"s","body":{"sha256":"%s"}}'
    accept(store, "a", body, job=job % sha256(body))
    with pytest.raises(TooMuchHeld):
        accept(store, "b", b"g" * 6_000)
    redis.delete("pec:holding:token:full")

    take_jobs()

    assert not accept(store, "b", b"g" * 6_000).repeated
    assert held(redis) == 6_000 + len("{}")


def test_the_content_of_a_rejected_job_is_held_until_it_expires(accepting: Store, redis: Redis) -> None:
    accept(accepting, "a", FILE)
    reject_next(accepting)

    with pytest.raises(TooMuchHeld) as refused:
        accept(accepting, "b", b"g" * 6_000)

    assert 7 * 86_400 - 60 < refused.value.wait_seconds <= 7 * 86_400
    redis.zadd("pec:holding:token", {f"content:{sha256(FILE)} 6000": 1})  # long ago
    redis.delete("pec:holding:token:full")
    assert not accept(accepting, "b", b"g" * 6_000).repeated


def test_jobs_without_content_are_counted_too(accepting: Store, redis: Redis) -> None:
    accept(accepting, "a", job="{%s}" % (" " * 6_000))

    with pytest.raises(TooMuchHeld):
        accept(accepting, "b", job="{%s}" % (" " * 6_000))
    redis.delete("pec:holding:token:full")
    reject_next(accepting)

    accept(accepting, "b", job="{%s}" % (" " * 6_000))


def test_a_refusal_is_remembered_for_seconds_and_costs_little(accepting: Store, redis: Redis) -> None:
    accept(accepting, "a", FILE)
    with pytest.raises(TooMuchHeld):
        accept(accepting, "b", b"g" * 6_000)
    reject_next(accepting)

    assert redis.get("pec:holding:token:full") == b"30"
    stands_for: Any = redis.ttl("pec:holding:token:full")
    assert 1 < stands_for <= 5
    assert not accept(accepting, "small", b"h").repeated  # what fits is not refused


def test_an_upload_reserves_its_bytes_before_they_come(store: Store, redis: Redis) -> None:
    first = uploaded.begin(store, "token", 6_000, LIMIT)
    with pytest.raises(TooMuchHeld):
        uploaded.begin(store, "token", 6_000, LIMIT)

    uploaded.drop(store, first)

    assert held(redis) == 0
    second = uploaded.begin(store, "token", 9_000, LIMIT)
    uploaded.write(store, second, 0, FILE)
    assert uploaded.finish(store, second, sha256(FILE), len(FILE))
    assert uploaded.finish(store, second, sha256(FILE), len(FILE))  # its reply was lost
    assert held(redis) == len(FILE)


def test_an_upload_whose_process_died_is_let_go_when_its_bytes_expire(store: Store, redis: Redis) -> None:
    left = uploaded.begin(store, "token", 6_000, LIMIT)
    uploaded.write(store, left, 0, b"x")
    redis.zadd("pec:holding:token", {f"part:{left.part} 6000": 1})  # it began long ago
    with pytest.raises(TooMuchHeld):
        uploaded.begin(store, "token", 6_000, LIMIT)

    redis.delete(store.keys.uploading(left.part), "pec:holding:token:full")

    uploaded.begin(store, "token", 6_000, LIMIT)
    assert held(redis) == 6_000


def test_an_upload_is_held_until_a_worker_took_the_job_that_names_it(
    store: Store, redis: Redis, take_jobs: TakeJobs
) -> None:
    body = b"<p>Salve</p>" * 500
    put(store, "token", body)
    job = '{"type":"send","id":"m1","account":"acme","recipient":"a@pec.example","subject":"s","body":{"sha256":"%s"}}'
    accept(store, "a", job=job % sha256(body), names=[sha256(body)])
    assert held(redis) > len(body)

    take_jobs()
    accept(store, "b")

    assert held(redis) == len("{}")


def test_a_token_does_not_learn_by_its_share_that_another_sent_the_same_file(
    store: Store, redis: Redis, take_jobs: TakeJobs
) -> None:
    body = b"<p>Salve</p>" * 500
    put(store, "token", body)
    job = '{"type":"send","id":"m1","account":"acme","recipient":"a@pec.example","subject":"s","body":{"sha256":"%s"}}'
    accept(store, "a", body, job=job % sha256(body), holder="other")
    take_jobs()

    with pytest.raises(TooMuchHeld):
        accept(store, "b", b"g" * 6_000)

    assert held(redis) == len(body)


def test_old_uploads_that_are_held_rightly_hide_none_that_workers_took(
    store: Store, redis: Redis, take_jobs: TakeJobs
) -> None:
    job = '{"type":"send","id":"m%d","account":"acme","recipient":"a@pec.example","subject":"s","body":{"sha256":"%s"}}'
    held_since = {f"content:{number:064x} 1": store.now() - 60 for number in range(501)}
    redis.zadd("pec:holding:token", held_since)
    redis.set("pec:holding:token:bytes", len(held_since))
    limit = len(held_since) * 1025 + LIMIT

    for number in range(10):
        body = b"%03000d" % number
        accept(store, str(number), body, job=job % (number, sha256(body)), limit_bytes=limit)
        take_jobs()

    assert set(held_since) <= set(text_list(redis.zrange("pec:holding:token", 0, -1)))


def test_a_look_at_all_that_a_token_holds_is_shared_out_among_requests(
    accepting: Store, redis: Redis
) -> None:
    """A look lasts a few milliseconds, and Redis serves no one else meanwhile."""
    now = accepting.now()
    young = {f"content:{number:064x} 1": now for number in range(6_000)}
    old = {f"content:{number:064x} 1": now - 60 for number in range(6_000, 6_003)}
    taken = {f"job:{number}-1 3000": now - 30 for number in range(1, 5)}
    redis.zadd("pec:holding:token", {**young, **old, **taken})
    redis.set("pec:holding:token:bytes", len(young) + len(old) + 3_000 * len(taken))
    limit = 1025 * (len(young) + len(old)) + LIMIT

    with pytest.raises(TooMuchHeld):
        accept(accepting, "a", b"g" * 6_000, limit_bytes=limit)
    redis.delete("pec:holding:token:full")

    assert accept(accepting, "a", b"g" * 6_000, limit_bytes=limit)


def test_a_token_that_holds_much_may_ask_again_soon(accepting: Store, redis: Redis) -> None:
    held_since = {f"content:{number:064x} 20": accepting.now() for number in range(501)}
    redis.zadd("pec:holding:token", held_since)
    redis.set("pec:holding:token:bytes", 501 * 20)

    with pytest.raises(TooMuchHeld) as refused:
        accept(accepting, "a", b"g" * 6_000)

    assert refused.value.wait_seconds == 30


def test_without_a_limit_nothing_is_counted(store: Store, redis: Redis) -> None:
    put(store, "token", FILE, limit=0)

    assert uploaded.sizes(store, "token", [sha256(FILE)]) == {sha256(FILE): len(FILE)}
    assert not redis.exists("pec:holding:token")
    assert not redis.exists("pec:holding:token:bytes")


def test_an_upload_that_is_asked_for_counts_from_then_on(store: Store, redis: Redis) -> None:
    put(store, "token", FILE)
    member = f"content:{sha256(FILE)} {len(FILE)}"
    redis.zadd("pec:holding:token", {member: store.now() - 6 * 86_400})

    assert uploaded.sizes(store, "other", [sha256(FILE)]) == {}
    assert counts_since(redis, member) < store.now() - 86_400
    assert uploaded.sizes(store, "token", [sha256(FILE), "0" * 64]) == {sha256(FILE): len(FILE)}

    assert counts_since(redis, member) > store.now() - 86_400
    assert held(redis) == len(FILE)


def put(store: Store, owner: str, data: bytes, limit: int = LIMIT) -> None:
    upload = uploaded.begin(store, owner, len(data), limit)
    uploaded.write(store, upload, 0, data)
    assert uploaded.finish(store, upload, sha256(data), len(data))
