"""The bytes of a request's head."""

import ssl
from http.client import InvalidURL

import pytest

from pec.http.connection import Peer
from pec.http.request import Request, header_lines


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://api.example/x", b"api.example"),
        ("http://api.example.:80/", b"api.example"),
        ("https://api.example:443/", b"api.example"),
        ("http://api.example:443/", b"api.example:443"),
        ("https://127.0.0.1:8443/", b"127.0.0.1:8443"),
        ("http://[::1]:8080/", b"[::1]:8080"),
        ("http://[fe80::1%eth0]/", b"[fe80::1]"),
    ],
)
def test_the_host_has_its_port_unless_it_is_the_usual_one(url: str, host: bytes) -> None:
    assert Peer.of(url, ssl.create_default_context).name == host


def test_a_host_that_no_header_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="ascii"):
        Peer.of("http://è.example/", ssl.create_default_context)


def test_a_body_has_its_length_and_a_get_has_none() -> None:
    lines = header_lines({"A": "b", "C": "è".encode()})
    post, get = Request("POST", "/a?b=c", lines, b"body"), Request("GET", "/", lines)
    assert post.head(b"host") == (
        b"POST /a?b=c HTTP/1.1\r\nHost: host\r\nContent-Length: 4\r\nA: b\r\nC: \xc3\xa8\r\n\r\n"
    )
    assert get.head(b"host") == b"GET / HTTP/1.1\r\nHost: host\r\nA: b\r\nC: \xc3\xa8\r\n\r\n"


@pytest.mark.parametrize("value", ["a\r\nB: c", "a\nB: c", "a\rB: c", "a\r\n b", b"a\r\nB: c", "\r\n"])
def test_a_value_that_would_be_more_than_a_line_is_refused(value: str | bytes) -> None:
    with pytest.raises(ValueError, match="more than a line"):
        header_lines({"A": value})


@pytest.mark.parametrize("target", ["/a b", "/a\r\nB: c", "/a\n", "/\x00", "/\x7f"])
def test_a_target_that_would_be_more_than_a_word_is_refused(target: str) -> None:
    with pytest.raises(InvalidURL):
        Request("GET", target, b"").head(b"host")


def test_secrets_of_a_request_are_not_shown() -> None:
    assert "s3cret" not in repr(Request("POST", "/", header_lines({"A": "s3cret"}), b"s3cret"))
