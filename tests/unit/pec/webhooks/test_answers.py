"""An endpoint's answer is shown without what only we and the endpoint may know, and not whole."""

import base64

import pytest
from pydantic import SecretStr

from config.settings import Endpoint
from pec.webhooks.answers import MAX_SHOWN, shown

SECRET, OLD = (f"whsec_{base64.b64encode(letter * 32).decode()}" for letter in (b"a", b"b"))
ENDPOINT = Endpoint(
    name="crm",
    url="https://user:pass%2Fword@crm.example/hooks/T0123456789ABCDEF?key=qwerty",
    secret=SecretStr(f"{SECRET} {OLD}"),
)


@pytest.mark.parametrize(
    "secret",
    [
        SECRET,
        OLD,
        SECRET.removeprefix("whsec_"),
        "pass%2Fword",
        "pass/word",
        "T0123456789ABCDEF",
        "qwerty",
        f"v1,{base64.b64encode(b'x' * 32).decode()}",
    ],
)
def test_no_secret_is_shown(secret: str) -> None:
    said = shown(f"Cannot POST with {secret}, sorry".encode(), ENDPOINT)

    assert secret not in said
    assert "***" in said
    assert said.startswith("Cannot POST with ")
    assert said.endswith(", sorry")


def test_only_the_beginning_is_shown() -> None:
    assert shown(b"x" * 4096, ENDPOINT) == "x" * MAX_SHOWN


def test_what_is_no_text_is_shown_without_control_characters() -> None:
    assert shown(b"\x00a\x1b[31mb\xff\xe2\x80\xae\n\nc", ENDPOINT) == "a [31mb\ufffd \n\nc"
