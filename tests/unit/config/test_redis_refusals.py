"""The words of a refusal are quoted as the server said them, but never what it quotes of us."""

import pytest
import redis

from config.redis_refusals import cause_of, logged, remedy_of


def test_a_code_that_redis_py_cuts_off_is_quoted_too() -> None:
    error = redis.exceptions.MovedError("14325 127.0.0.1:7403", status_code="MOVED")

    assert logged(error) == {
        "error": "MovedError",
        "why": "MOVED 14325 127.0.0.1:7403",
        "remedy": str(remedy_of(error, "")),
    }
    assert str(remedy_of(error, "start it")).startswith("it is a cluster")


def test_arguments_that_a_server_quotes_are_not_quoted_again() -> None:
    error = redis.ResponseError("unknown command 'AUTH', with args beginning with: 'pec' 's3cret'")

    assert cause_of(error) == "unknown command 'AUTH'"


def test_a_refusal_of_no_known_kind_has_the_remedy_of_its_place() -> None:
    assert remedy_of(redis.ConnectionError("Connection refused"), "start it") == "start it"


def test_an_error_of_no_known_kind_is_logged_without_a_remedy() -> None:
    assert logged(redis.ConnectionError("refused")) == {"error": "ConnectionError", "why": "refused"}


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("certificate verify failed: self-signed certificate in certificate chain", "PEC_REDIS_TLS__CA"),
        ("certificate verify failed: Hostname mismatch, certificate is not valid for 'h'", "CHECK_HOSTNAME"),
        ("EOF occurred in violation of protocol", "PEC_REDIS_TLS__CERTIFICATE"),
        ("tlsv13 alert certificate required", "PEC_REDIS_TLS__CERTIFICATE"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "speaks no TLS"),
        ("[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found", "PEC_REDIS_TLS__CA"),
        ("[X509: KEY_VALUES_MISMATCH] key values mismatch", "PEC_REDIS_TLS__KEY"),
    ],
)
def test_each_failure_of_tls_has_its_remedy(said: str, remedy: str) -> None:
    assert remedy in remedy_of(redis.ConnectionError(said), "start it")


def test_a_database_that_the_server_lacks_is_not_cured_by_a_fixed_number() -> None:
    remedy = remedy_of(redis.ResponseError("DB index is out of range"), "start it")

    assert "raise its `databases`" in remedy
    assert "0 to 15" in remedy


def test_a_program_that_is_no_redis_is_named() -> None:
    error = redis.InvalidResponse('Protocol error, got "<" as reply type byte')

    assert "another program listens there" in remedy_of(error, "start it")
