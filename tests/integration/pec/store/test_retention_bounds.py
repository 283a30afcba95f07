"""Messages that are gone leave nothing behind; `make fuzz` shows it with 100,000."""

from redis import Redis

from tests.fuzz.bounds import BODY, broken, run


def test_of_many_messages_no_key_is_left_but_a_small_set(redis: Redis) -> None:
    alive, left = run(redis, 1000)

    assert broken(alive, left, 1000) == []
    assert redis.hget(f"pec:content:{BODY}", "refs") == b"1", "of the one who stays"
    assert redis.ttl("pec:taken:m1") > 0, "digests of ids expire"
