"""Options of a Redis URL: a wrong one is named, with the remedy, and no secret is shown."""

import pytest

from config.redis_url import problem_of_redis_url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://h/0?sentinel_master=pec", "the option sentinel_master is unknown: leave it out"),
        ("rediss://h/0?ssl_ca_cert=/ca.pem", "the option ssl_ca_cert is unknown: write ssl_ca_certs"),
        ("redis://h/0?ssl_ca_certs=/ca.pem", "the option ssl_ca_certs needs an encrypted connection"),
        ("redis://h/0?socket_timeout=abc", "the option socket_timeout is unknown"),
        ("rediss://h/0?ssl_cert_reqs=maybe", "the option ssl_cert_reqs must be required, optional, none"),
        ("rediss://h/0?ssl_check_hostname=perhaps", "the option ssl_check_hostname must be true, false"),
        ("rediss://h/0?ssl_ca_certs=", "the option ssl_ca_certs is empty"),
        ("redis://h/0?db=1&db=2", "the option db stands there twice"),
        ("unix:///run/s?ssl_ca_certs=/ca.pem", "the option ssl_ca_certs needs an encrypted connection"),
        ("unix:///run/s?db=0&timeout=5", "the option timeout is unknown"),
    ],
)
def test_a_wrong_option_is_named_with_the_remedy(url: str, words: str) -> None:
    assert words in (problem_of_redis_url(url) or "")


@pytest.mark.parametrize("url", ["redis://h/0?password=a&S3c!ret", "unix:///s?db=0&password=a&S3cret"])
def test_the_rest_of_a_password_is_not_shown(url: str) -> None:
    problem = problem_of_redis_url(url) or ""

    assert "write options as name=value" in problem
    assert "ret" not in problem.replace("write", "")


@pytest.mark.parametrize(
    "url",
    [
        "rediss://h/0?ssl_ca_certs=/ca.pem&ssl_certfile=/c.pem&ssl_keyfile=/k.pem&ssl_password=x",
        "rediss://h/0?ssl_cert_reqs=none&ssl_check_hostname=False",
        "redis://h?db=3&username=u&password=p",
        "unix:///s?db=2&username=u&password=p",
    ],
)
def test_options_that_exist_are_taken(url: str) -> None:
    assert problem_of_redis_url(url) is None
