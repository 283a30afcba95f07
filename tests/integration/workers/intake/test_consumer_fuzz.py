"""A few thousand of the jobs that `make fuzz` gives the intake: none stops it, none that is right is refused."""

from redis import Redis

from tests.fuzz.intake import run


def test_every_job_becomes_messages_or_a_rejection_in_words(redis: Redis, redis_url: str) -> None:
    report = run(redis_url, seed=20261125, jobs=2000)

    assert report.faults == []
    assert report.taken > 400
    assert report.rejected > 1000
