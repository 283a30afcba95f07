"""The words of a refusal are quoted as the server said them, but never what it quotes of us."""

import redis

from config.redis_refusals import cause_of, logged, remedy_of


def test_a_code_that_redis_py_cuts_off_is_quoted_too() -> None:
    error = redis.exceptions.MovedError("14325 127.0.0.1:7403", status_code="MOVED")

    assert logged(error) == {"error": "MovedError", "why": "MOVED 14325 127.0.0.1:7403"}
    assert str(remedy_of(error, "start it")).startswith("it is a cluster")


def test_arguments_that_a_server_quotes_are_not_quoted_again() -> None:
    error = redis.ResponseError("unknown command 'AUTH', with args beginning with: 'pec' 's3cret'")

    assert cause_of(error) == "unknown command 'AUTH'"


def test_a_refusal_of_no_known_kind_has_the_remedy_of_its_place() -> None:
    assert remedy_of(redis.ConnectionError("Connection refused"), "start it") == "start it"
