"""The next logical database of a Redis server, and what is no Redis URL."""

import pytest

from config.redis_url import host_and_port, is_redis_address, next_database, problem_of_redis_url


@pytest.mark.parametrize(
    ("url", "following"),
    [
        ("redis://h", "redis://h/1"),
        ("redis://h/", "redis://h/1"),
        ("redis://h:1/3", "redis://h:1/4"),
        ("redis://user:p%40ss@h:1/3", "redis://user:p%40ss@h:1/4"),
        ("rediss://h:6380/0?ssl_cert_reqs=none", "rediss://h:6380/1?ssl_cert_reqs=none"),
        ("redis://h:1?db=4", "redis://h:1?db=5"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock?db=1"),
        ("unix:///run/redis.sock?db=2", "unix:///run/redis.sock?db=3"),
        (
            "unix://user@/run/redis.sock?db=2&password=p%26q",
            "unix://user@/run/redis.sock?db=3&password=p%26q",
        ),
    ],
)
def test_the_next_database_changes_the_number_and_nothing_else(url: str, following: str) -> None:
    assert next_database(url) == following


@pytest.mark.parametrize(
    "url", ["redis://h", "redis://h:1/3", "rediss://u:p@h", "unix:///s?db=2", "redis://[::1]:1/0"]
)
def test_redis_urls_are_taken(url: str) -> None:
    assert is_redis_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h:1",
        "http://h",
        "redis:h",
        "redis://",
        "redis://h/x",
        "redis://h:x/0",
        "unix://",
        "redis://h:0/0",
    ],
)
def test_anything_else_is_not(url: str) -> None:
    assert not is_redis_address(url)


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("redis://:s3c#ret@h:6379/0", "%23 (#)"),
        ("redis://u:s3c/ret@h", "%2F (/)"),
        ("redis://u:12?s3c@h", "%3F (?)"),
        ("rediss://u:s3c[ret@h/0", "%5B ([)"),
        ("redis://u:1#2/s3c@h", "%23 (#), %2F (/)"),
        ("redis://u:1#s3c@h", "%23 (#)"),  # read as host `u` and port 1
        ("unix:///run/redis.sock?password=s3c#ret", "%23 (#)"),
        ("redis://h/0?password=s3c#ret", "%23 (#)"),
    ],
)
def test_a_password_that_ends_too_early_in_a_url_brings_advice_how_to_write_it(url: str, remedy: str) -> None:
    problem = problem_of_redis_url(url) or ""

    assert problem.endswith(f"write {remedy}")
    assert "s3c" not in problem


@pytest.mark.parametrize(
    "url", ["redis://:a@b@h", "redis://:a:b@h", "redis://:a%23b@h", "redis://h/0?password=a/b@c"]
)
def test_a_password_that_reads_as_meant_needs_nothing(url: str) -> None:
    assert problem_of_redis_url(url) is None


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("0.0.0.0:9464", ("0.0.0.0", 9464)),
        ("[::1]:1", ("::1", 1)),
        ("metrics.internal:65535", ("metrics.internal", 65535)),
    ],
)
def test_an_address_to_listen_on_is_a_host_and_a_port(address: str, parts: tuple[str, int]) -> None:
    assert host_and_port(address) == parts


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("9464", "must be host:port"),
        (":9464", "must be host:port"),
        ("::1:9464", "must be host:port"),
        ("[]:9464", "must be host:port"),
        ("host:http", "must be host:port"),
        ("host:0", "port 0 must be from 1 to 65535"),
        ("host:65536", "port 65536 must be from 1 to 65535"),
    ],
)
def test_an_address_that_no_process_can_listen_on_is_reported(address: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        host_and_port(address)
