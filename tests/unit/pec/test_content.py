"""Addresses are judged as the library judges them, and base64 as Python reads it, though both are read faster."""

import base64
from collections.abc import Callable
from contextlib import suppress

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from pec import content

LOCALS = st.text("aZ09_+-.'\" è@", max_size=8) | st.sampled_from(
    ["a" * 64, "a" * 65, "INFO", "info", "rossi"]
)
DOMAINS = st.text("aZ0-._ è@>", max_size=8) | st.sampled_from(
    ["pec.example", "PEC.Example", "xn--p-2fa.it", "città.it", "a.test", "localhost", f"{'a.' * 110}it"]
)


@given(local=LOCALS, domain=DOMAINS)
@example(local="rossi", domain="xn--")
@example(local="a" * 40, domain=f"{'a.' * 106}it")
def test_an_address_is_what_the_library_says_of_it_whole(local: str, domain: str) -> None:
    expected = None
    with suppress(EmailNotValidError):
        whole = validate_email(
            f"{local}@{domain}", check_deliverability=False, globally_deliverable=False, allow_smtputf8=False
        )
        expected = whole.normalized if "." in whole.domain else None

    found = None
    with suppress(ValueError):
        found = content.address(f"{local}@{domain}")

    assert found == expected


@pytest.mark.parametrize("character", ["\x00", "\x1f", "\x7f", "\x85", "\u2028", "\u2029"])
def test_a_subject_holds_no_control_character(character: str) -> None:
    assert content.subject("Diffida n. 1") == "Diffida n. 1"
    with pytest.raises(ValueError, match="control character"):
        content.subject(f"Diffida{character}n. 1")


_LETTERS = st.text(st.sampled_from("AQgw+/-_= \n\u00e9"), max_size=12)


@given(st.one_of(_LETTERS, st.binary().map(lambda raw: base64.b64encode(raw).decode())))
@example("QR==")  # whose last letter has bits that mean nothing
@example("QQ")
@example("-_-_")
def test_base64_is_read_as_strictly_as_python_does(text: str) -> None:
    def read(decode: Callable[[str], bytes]) -> bytes | None:
        with suppress(ValueError):
            return decode(text)
        return None

    assert read(content.from_base64) == read(lambda stated: base64.b64decode(stated, validate=True))
