"""A token that another program uses too is named, as far as it can be known."""

from datetime import timedelta

import pytest
from redis import Redis

from config.redis_connection import connect
from config.settings import Api, Settings
from pec.operations.status.load_overview import load_overview
from pec.operations.status.shared_tokens import shared_tokens
from pec.store import accounts, heartbeat, pacing
from pec.store.pacing import Slot
from pec.store.store import Store

TOKEN = "a1b2"
API = Api(rate=1000)


def served(redis: Redis, namespace: str) -> Store:
    """The store of a namespace with a live worker that sends with the token."""
    store = Store(redis, namespace)
    accounts.register(store, "acme", TOKEN)
    heartbeat.beat(store, {"account": ["acme"], "worker": ["w1"]}, 60, {"host": "h"}, [TOKEN])
    return store


def said(store: Store) -> list[str]:
    found = load_overview(store, Settings(redis_url="redis://127.0.0.1:1/0"))
    return [f"{one.mark}: {one.what}" for one in shared_tokens(found)]


def tried(store: Store, *, refused: bool) -> None:
    slot = pacing.reserve_send(store, TOKEN, API)
    assert isinstance(slot, Slot)
    pacing.finish_send(store, TOKEN, "m", "answered", 0.001 if refused else 0)
    if refused:
        pacing.refund_send(store, TOKEN, slot)
        store.client.hdel(store.keys.limiter(TOKEN), "not_before")


def test_two_namespaces_of_one_database_see_each_other(redis: Redis) -> None:
    first = served(redis, "pec")
    assert said(first) == []

    second = served(redis, "other")

    assert said(first) == [
        "fail: token a1b2 is used by the namespace other too: together they send faster than the API allows"
    ]
    assert said(second)[0].startswith("fail: token a1b2 is used by the namespace pec too")


def test_a_user_who_sees_only_the_namespace_works_and_sees_no_other(redis: Redis, redis_url: str) -> None:
    first = served(redis, "pec")
    served(redis, "other")
    redis.acl_setuser("narrow", enabled=True, nopass=True, keys=["pec:*"], commands=["+@all"])
    with connect(f"{redis_url}&username=narrow&password=x") as client:
        narrow = Store(client, "pec")
        heartbeat.beat(narrow, {"worker": ["w2"]}, 60, {}, [TOKEN])

        assert said(narrow) == []
    assert heartbeat.live(first, "worker") == {"w1", "w2"}
    redis.acl_deluser("narrow")


@pytest.mark.parametrize(
    ("sent", "refused", "noticed"), [(16, 4, False), (19, 5, True), (21, 5, False), (0, 5, True)]
)
def test_a_fifth_of_refused_sends_is_a_sign_of_another_program(
    redis: Redis, sent: int, refused: int, noticed: bool
) -> None:
    store = served(redis, "pec")
    for _ in range(sent):
        tried(store, refused=False)
    for _ in range(refused):
        tried(store, refused=True)

    assert [one.partition(": the API")[0] for one in said(store)] == ["warn: token a1b2"] * noticed


def test_the_sign_is_shown_for_a_day(redis: Redis) -> None:
    store = served(redis, "pec")
    for _ in range(5):
        tried(store, refused=True)
    long_ago = store.now() - timedelta(hours=25).total_seconds()
    store.client.hset(store.keys.limiter(TOKEN), "refused_often_at", long_ago)

    assert said(store) == []
