"""Some of the answers that `make fuzz` gives the client: each call ends in a value or in an ApiError."""

from tests.fuzz.answers import run


def test_whatever_is_answered_every_operation_ends_as_it_says() -> None:
    ended, faults = run(seed=20261125, answers=1500)

    assert faults == []
    assert {"value", "OutcomeUnknown", "Denied", "Invalid", "NotFound", "RateLimited"} <= set(ended)
