"""Codes that the gateway gave: putting receipts away, also as a code expires."""

from typing import Any

from redis import Redis

from pec.store import given_codes
from pec.store.store import Store

CODE = "2026112912000001"


def a_code(store: Store) -> given_codes.GivenCode:
    owner: dict[Any, Any] = {**given_codes.owner("gw-1", "acme", 0, "Diffida")}
    store.client.hset(store.keys.given_code(CODE), mapping=owner)
    store.client.expire(store.keys.given_code(CODE), 1000)
    found = given_codes.find(store, CODE)
    assert found is not None
    return found


def test_receipts_that_are_put_away_leave_the_code_its_life(redis: Redis) -> None:
    store = Store(redis, "pec")
    given_codes.hide(store, a_code(store), ["one"])

    found = given_codes.find(store, CODE)

    assert found is not None
    assert found.hidden == {"one"}
    assert int(redis.ttl(store.keys.given_code(CODE))) > 900


def test_putting_away_under_a_code_that_has_just_expired_leaves_no_code(redis: Redis) -> None:
    store = Store(redis, "pec")
    given = a_code(store)
    redis.delete(store.keys.given_code(CODE))

    given_codes.hide(store, given, ["one"])

    assert given_codes.find(store, CODE) is None
    assert 0 < int(redis.ttl(store.keys.given_code(CODE))) <= 60
