"""Messages that are gone leave nothing behind; `make fuzz` shows it with 100,000."""

from redis import Redis

from tests.fuzz.bounds import run

WITH_EACH_MESSAGE = {"pec:message:…", "pec:code:acme:…", "pec:taken:…"}
LEFT = {"pec:events", "pec:taken:…", "pec:content:" + "b" * 64}


def test_of_many_messages_no_key_is_left_but_a_small_set(redis: Redis) -> None:
    alive, left = run(redis, 1000)

    assert {kind for kind, times in alive.keys.items() if times > 1} == WITH_EACH_MESSAGE
    assert set(left.keys) == LEFT
    assert left.entries["pec:events"] == 0
    assert redis.hget("pec:content:" + "b" * 64, "refs") == b"1", "of the one who stays"
    assert redis.ttl("pec:taken:m1") > 0, "digests of ids go by themselves"
