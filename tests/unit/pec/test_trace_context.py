"""A trace context of a job is taken as the W3C says, or ignored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pec.trace_context import of_event, valid_or_none
from tests.unit.pec.strategies import PATIENT

IDS = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"
GOOD = f"00-{IDS}-01"


@pytest.mark.parametrize("good", [GOOD, f"00-{IDS}-00", f"00-{IDS}-03"])
def test_a_valid_context_is_taken_as_it_came(good: str) -> None:
    assert valid_or_none(good) == good


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "00",
        IDS,
        f"00-{IDS}",
        f"00-{IDS}-1",
        f"00-{IDS}-01-more",
        f"00-{IDS}-01\n",
        f" 00-{IDS}-01",
        f"ff-{IDS}-01",
        f"00-{IDS.upper()}-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
        f"00-{'٣' * 32}-00f067aa0ba902b7-01",
        "x" * 1_000_000,
    ],
)
def test_an_invalid_context_is_ignored(bad: str) -> None:
    assert valid_or_none(bad) is None


@pytest.mark.parametrize("later", [f"cc-{IDS}-ff", f"01-{IDS}-01-what-the-future-will-be-like"])
def test_of_a_later_version_what_is_known_is_taken(later: str) -> None:
    assert valid_or_none(later) == GOOD


@PATIENT
@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert valid_or_none(text) is None or len(text) >= len(GOOD)


def test_the_context_of_an_event_is_its_messages_and_no_field_of_metadata() -> None:
    def body(data: dict[str, object]) -> str:
        return json.dumps({"type": "message.sent", "data": data}, separators=(",", ":"))

    assert of_event(body({"traceparent": GOOD})) == GOOD
    assert of_event(body({"metadata": {"traceparent": GOOD}})) is None
    assert of_event(body({"traceparent": "bad\r\nX-Other: 1"})) is None
    assert of_event(body({"id": "m"})) is None
