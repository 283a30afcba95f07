"""Which addresses a POST connects to: by whatever name, only those that were checked."""

import socket
from typing import Any

import pytest

from pec.webhooks.outcomes import Delivered, Failed
from tests.integration.pec.webhooks.posting import always, at, post
from tests.receiver import Answer, Receiver


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0"]
)
def test_our_own_network_is_not_reached_by_any_name(host: str) -> None:
    with Receiver() as receiver:
        url = receiver.url.replace("127.0.0.1", host)

        outcome = post(at(url), allow_private=False)

        assert receiver.refused == 0
        assert receiver.received == []
    assert isinstance(outcome, Failed)
    assert "PEC_WEBHOOKS__ALLOW_PRIVATE=true" in outcome.why


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def rebinding(host: str, port: int, *args: Any, **options: Any) -> Any:
        asked.append(host)
        return always("127.0.0.1" if len(asked) > 1 else "240.0.0.1")(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr("pec.http.address_guard.is_public", lambda address: address == "240.0.0.1")
    with Receiver() as receiver:
        outcome = post(at(receiver.url.replace("127.0.0.1", "rebind.example")), 0.5, allow_private=False)

        assert receiver.refused == 0
    assert isinstance(outcome, Failed)
    assert asked == ["rebind.example"]


def test_of_several_addresses_only_the_public_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", always("127.0.0.1", "240.0.0.1"))
    monkeypatch.setattr("pec.http.address_guard.is_public", lambda address: address == "240.0.0.1")

    with Receiver() as receiver:
        outcome = post(at(receiver.url.replace("127.0.0.1", "both.example")), 0.5, allow_private=False)

        assert receiver.refused == 0
    assert isinstance(outcome, Failed)
    assert "PEC_WEBHOOKS" not in outcome.why


def test_an_address_that_does_not_answer_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed, Receiver() as receiver:
        closed.bind(("127.0.0.2", receiver.port))
        monkeypatch.setattr(socket, "getaddrinfo", always("127.0.0.2", "127.0.0.1"))

        assert post(receiver.endpoint()) == Delivered()


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "[::ffff:169.254.169.254]", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376"),
        *("10.0.0.1", "012.0.0.1", "100.64.0.1", "192.168.1.1", "[fd00::1]", "[fe80::1]", "[::]", "0.0.0.0"),
        *("127.1", "017700000001", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
    ],
)
def test_no_private_address_is_reached_in_any_spelling(host: str) -> None:
    outcome = post(at(f"http://{host}:9/"), 0.5, allow_private=False)

    assert isinstance(outcome, Failed)
    assert "PEC_WEBHOOKS__ALLOW_PRIVATE=true" in outcome.why


def test_a_redirect_into_our_own_network_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as inside:
        led_inside = Answer(307, {"Location": inside.url})
        with Receiver(then=led_inside) as outside:
            monkeypatch.setattr("pec.http.address_guard.is_public", lambda _: True)  # as the outside is

            outcome = post(outside.endpoint(), allow_private=False)

        assert isinstance(outcome, Failed)
        assert "redirects are not followed" in outcome.why
        assert (inside.received, inside.refused) == ([], 0)
