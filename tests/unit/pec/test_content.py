"""Addresses: judged as the library judges them, also when their domain is known from an earlier one."""

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
