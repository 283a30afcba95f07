"""Logins at the console: ending one, also if Redis has done half of it."""

from datetime import UTC, datetime

from redis import Redis

from pec.store import logins
from pec.store.store import Store

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_a_login_that_left_the_list_of_its_user_ends_by_logging_out_again(redis: Redis) -> None:
    store = Store(redis, "pec")
    logins.begin(store, "secret", "anna", "127.0.0.1", NOW)
    login = logins.digest("secret")
    redis.zrem(
        store.keys.logins("anna"), login
    )  # the answer to the first command was lost, so it is repeated

    logins.end(store, "anna", login)

    assert logins.find(store, "secret", NOW) is None


def test_logging_out_ends_this_login_alone(redis: Redis) -> None:
    store = Store(redis, "pec")
    for secret in ("one", "two"):
        logins.begin(store, secret, "anna", "127.0.0.1", NOW)

    logins.end(store, "anna", logins.digest("one"))

    assert [one.id for one in logins.of_user(store, "anna")] == [logins.digest("two")]
