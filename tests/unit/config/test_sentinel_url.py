"""URLs of Sentinels: their parts, the next database, and what is wrong with one."""

import pytest
from redis import SSLConnection

from config.redis_connection import connect
from config.redis_sentinel import SentinelPool
from config.redis_url import next_database, problem_of_redis_url
from config.sentinel_url import SentinelUrl

WHOLE = (
    "rediss+sentinel://pec:p%40ss@h1:26379,h2:26380,[::1]:26381/my-master/2"
    "?sentinel_username=s&sentinel_password=w%23&ssl_ca_certs=/ca.pem"
)


def test_a_url_has_the_sentinels_the_primary_and_both_logins() -> None:
    found = SentinelUrl.parse(WHOLE)

    assert problem_of_redis_url(WHOLE) is None
    assert found.sentinels == (("h1", 26379), ("h2", 26380), ("::1", 26381))
    assert (found.primary, found.database, found.encrypts) == ("my-master", 2, True)
    assert (found.username, found.password) == ("pec", "p@ss")
    assert found.options["sentinel_password"] == "w#"
    assert found.address == "rediss+sentinel://h1:26379,h2:26380,[::1]:26381/my-master/2"


def test_ports_and_the_database_have_their_usual_values() -> None:
    found = SentinelUrl.parse("redis+sentinel://:secret@a,b/pec")

    assert (found.sentinels, found.database) == ((("a", 26379), ("b", 26379)), 0)
    assert (found.username, found.password) == (None, "secret")


def test_the_next_database_is_of_the_same_primary_and_login() -> None:
    assert next_database(WHOLE) == WHOLE.replace("my-master/2", "my-master/3")
    assert next_database("redis+sentinel://a/pec") == "redis+sentinel://a:26379/pec/1"


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://a:26379",
        "redis+sentinel://a:26379/",
        "redis+sentinel://a:26379/pec/x",
        "redis+sentinel://a:26379/pec/0/1",
        "redis+sentinel://a:b/pec",
        "redis+sentinel://a:0/pec",
        "redis+sentinel://a,,b/pec",
        "redis+sentinel:///pec/0",
    ],
)
def test_what_is_none_is_answered_with_the_form(url: str) -> None:
    assert "must be redis+sentinel://host:26379" in (problem_of_redis_url(url) or "")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis+sentinel://u:s3c?ret@a/pec/0", "write %3F (?)"),
        ("redis+sentinel://a/pec/0?sentinel_pasword=s3cret", "write sentinel_password"),
        ("redis+sentinel://a/pec/0?ssl_ca_certs=/ca.pem", "needs an encrypted connection"),
        ("redis+sentinel://a/pec/0?password=s3cret", "the option password is unknown"),
        ("redis://a/0?sentinel_password=s3cret", "the option sentinel_password is unknown"),
    ],
)
def test_a_wrong_login_or_option_is_named_and_no_secret_is(url: str, words: str) -> None:
    problem = problem_of_redis_url(url) or ""

    assert words in problem
    assert "s3c" not in problem


def test_options_of_tls_are_those_of_the_sentinels_and_of_the_servers() -> None:
    with connect("rediss+sentinel://h1/pec/0?ssl_ca_certs=/ca.pem&ssl_check_hostname=false") as client:
        pool = client.connection_pool
        assert isinstance(pool, SentinelPool)
        [sentinel] = pool.sentinel_manager.sentinels
        for at in (pool.connection_kwargs, sentinel.connection_pool.connection_kwargs):
            assert (at["ssl_ca_certs"], at["ssl_check_hostname"]) == ("/ca.pem", False)
        assert issubclass(pool.connection_class, SSLConnection)
        assert issubclass(sentinel.connection_pool.connection_class, SSLConnection)
