"""Some of the mailboxes that `make fuzz` gives the actors: none stops them, no forgery counts, the truth does."""

from redis import Redis

from tests.fuzz.receipts import run


def test_whatever_stands_in_a_mailbox_the_true_receipt_is_taken(redis: Redis, redis_url: str) -> None:
    report = run(redis_url, seed=20261128, looks=150)

    assert report.faults == []
    assert report.ended == {"delivered": 30}
