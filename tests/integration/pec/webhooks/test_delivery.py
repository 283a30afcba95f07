"""One POST: what it carries, what its answers mean, and what can't hold or divert it."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from config.settings import Endpoint, Webhooks
from pec.http.tls import all_authorities
from pec.webhooks.delivery import Poster
from pec.webhooks.outcomes import Delivered, Failed, Gone
from tests.integration.pec.webhooks.posting import BODY, always, at, post
from tests.receiver import Answer, Receiver, a_secret
from tests.wire import CERTIFICATE, Peer, Wire


@pytest.fixture
def fresh_authorities() -> Iterator[None]:
    all_authorities.cache_clear()
    yield
    all_authorities.cache_clear()


def test_what_arrives_is_signed_json_with_a_stable_id() -> None:
    with Receiver() as receiver:
        assert post(receiver.endpoint()) == Delivered()

        received = receiver.received[0]
    assert received.id == "evt_1"
    assert received.body["data"]["recipient"] == "società@pec.example"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["user-agent"].startswith("pecmassiva")
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_it_is_signed_with_the_clock_it_was_given_not_the_machines() -> None:
    with Receiver() as receiver:
        webhooks = Webhooks(allow_private=True)
        endpoint = receiver.endpoint()

        with Poster(webhooks, endpoint, lambda: time.time() - 3600) as hour_behind:
            assert hour_behind.post("evt_1", BODY) == Failed("answered 401", 401)
        with Poster(webhooks, endpoint) as poster:
            assert poster.post("evt_1", BODY) == Delivered()


def test_while_rotating_the_receiver_of_either_secret_takes_it() -> None:
    with Receiver() as receiver:
        both = SecretStr(f"{a_secret()} {receiver.secret}")
        endpoint = receiver.endpoint().model_copy(update={"secret": both})

        assert post(endpoint) == Delivered()
        assert receiver.refused == 0


def test_a_wrong_secret_is_refused() -> None:
    with Receiver() as receiver:
        assert post(at(receiver.url)) == Failed("answered 401", 401)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_success(status: int) -> None:
    with Receiver(Answer(status)) as receiver:
        assert post(receiver.endpoint()) == Delivered()


def test_410_is_gone() -> None:
    with Receiver(Answer(410)) as receiver:
        assert post(receiver.endpoint()) == Gone()


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_every_other_status_is_a_failure_that_names_it(status: int) -> None:
    with Receiver(Answer(status)) as receiver:
        assert post(receiver.endpoint()) == Failed(f"answered {status}", status)


def test_retry_after_is_understood() -> None:
    with Receiver(Answer(429, {"Retry-After": "120"})) as receiver:
        assert post(receiver.endpoint()) == Failed("answered 429", 429, 120)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with Receiver() as target, Receiver(Answer(status, {"Location": target.url})) as receiver:
        outcome = post(receiver.endpoint())

        assert isinstance(outcome, Failed)
        assert outcome.status == status
        assert "redirects are not followed" in outcome.why
        assert target.received == []
        assert target.refused == 0


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    with Receiver() as receiver:
        assert post(receiver.endpoint()) == Delivered()


def test_user_and_password_in_the_url_become_authorization_and_are_not_reported() -> None:
    with Receiver(then=Answer(403)) as receiver:
        url = receiver.url.replace("127.0.0.1", "me:s3cret@127.0.0.1")
        endpoint = receiver.endpoint().model_copy(update={"url": url})

        outcome = post(endpoint)

        assert receiver.received[0].headers["authorization"] == "Basic bWU6czNjcmV0"
    assert "s3cret" not in repr(outcome)


@pytest.mark.parametrize(
    "url", ["http://me:s3cret@[::1", "http://me:s3cret@h:99999/", "http://me:s3cret@a..b/"]
)
def test_a_url_that_cannot_be_used_is_a_failure_that_does_not_quote_it(url: str) -> None:
    endpoint = Endpoint.model_construct(name="shop", url=url, secret=SecretStr(a_secret()))

    outcome = post(endpoint)

    assert isinstance(outcome, Failed)
    assert "s3cret" not in outcome.why


def test_a_url_in_unicode_with_a_query_arrives_encoded() -> None:
    with Receiver() as receiver:
        endpoint = receiver.endpoint().model_copy(update={"url": receiver.url + "/è?a=b c"})

        assert post(endpoint) == Delivered()
        assert receiver.received[0].path == "/hook/%C3%A8?a=b%20c"


def drips_headers(peer: Peer) -> None:
    peer.read()
    peer.say(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    peer.drip(b"1", 0.02)


def drips_before_the_status(peer: Peer) -> None:
    peer.read()
    peer.drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.02)


def says_nothing(peer: Peer) -> None:
    peer.read()
    peer.hold()


@pytest.mark.parametrize("script", [drips_headers, drips_before_the_status, says_nothing])
def test_a_slow_receiver_is_left_when_the_time_is_over(script: Callable[[Peer], object]) -> None:
    with Wire(script) as wire:
        started = time.monotonic()

        outcome = post(at(wire.url), timeout=0.3)

        assert time.monotonic() - started < 5
    assert outcome == Failed("no answer within 0.3 s")


def test_a_tls_handshake_that_drips_is_left_too() -> None:
    def script(peer: Peer) -> None:
        peer.say(b"\x16\x03\x03\x40\x00")  # a record of 16 KB begins
        peer.drip(b"\0", 0.02)

    with Wire(script) as wire:
        started = time.monotonic()
        outcome = post(at(wire.url.replace("http:", "https:")), timeout=0.3)

        assert time.monotonic() - started < 5
    assert outcome == Failed("no answer within 0.3 s")


@pytest.mark.usefixtures("fresh_authorities")
def test_a_slow_receiver_is_left_over_tls_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    with Wire(drips_headers, tls=True) as wire:
        outcome = post(at(wire.url), timeout=0.5)

    assert outcome == Failed("no answer within 0.5 s")


def test_what_drips_after_the_status_changes_nothing() -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        peer.drip(b".", 0.02)

    with Wire(script) as wire:
        assert post(at(wire.url), timeout=2) == Delivered()


def test_what_follows_a_success_may_be_garbled() -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")

    with Wire(script) as wire:
        assert post(at(wire.url)) == Delivered()


def test_of_a_long_answer_little_is_read() -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.say(b"HTTP/1.1 200 OK\r\n\r\n")
        peer.drip(b"." * 65_536, 0)

    with Wire(script) as wire:
        assert post(at(wire.url)) == Delivered()


@pytest.mark.parametrize(
    ("answer", "why"),
    [(b"", "closed"), (b"SSH-2.0-OpenSSH\r\n", "garbled"), (b"HTTP/1.1 abc\r\n\r\n", "garbled")],
)
def test_an_answer_that_is_none_is_a_failure(answer: bytes, why: str) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.say(answer)

    with Wire(script) as wire:
        outcome = post(at(wire.url))

    assert isinstance(outcome, Failed)
    assert outcome.status is None
    assert why in outcome.why


def test_a_reset_is_a_failure() -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.reset()

    with Wire(script) as wire:
        assert post(at(wire.url)) == Failed("Connection reset by peer")


def test_a_port_where_no_server_listens_is_a_failure() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))

        assert post(at(f"http://127.0.0.1:{unused.getsockname()[1]}/")) == Failed("Connection refused")


def test_a_name_that_does_not_exist_is_a_failure() -> None:
    assert post(at("http://nowhere.invalid/")) == Failed("its name can't be resolved")


def serves(peer: Peer) -> None:
    peer.read()
    peer.answer(200, {})


@pytest.mark.usefixtures("fresh_authorities")
def test_a_certificate_of_an_unknown_authority_is_refused() -> None:
    with Wire(serves, tls=True) as wire:
        outcome = post(at(wire.url))

        assert wire.requests == []
    assert isinstance(outcome, Failed)
    assert outcome.why.startswith("TLS: ")


@pytest.mark.usefixtures("fresh_authorities")
def test_a_certificate_of_a_known_authority_is_taken_for_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    with Wire(serves, tls=True) as wire:
        assert post(at(wire.url.replace("127.0.0.1", "localhost"))) == Delivered()
        assert wire.requests[0].headers["host"] == wire.url.removeprefix("https://").replace(
            "127.0.0.1", "localhost"
        )

        monkeypatch.setattr(socket, "getaddrinfo", always("127.0.0.1"))
        elsewhere = post(at(wire.url.replace("127.0.0.1", "shop.example")))

    assert isinstance(elsewhere, Failed)
    assert "shop.example" in elsewhere.why
