"""Why a delivery was given up, by its code: a dead letter of any version can be read."""

import json

import pytest

from config.texts import Text
from pec.webhooks.failures import failed, stored_why
from pec.webhooks.outcomes import Failed


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (failed("status", status=500), "answered 500"),
        (failed("too_late", seconds="10"), "no answer within 10 s"),
        (failed("network", cause="Connection refused"), "Connection refused"),
        (failed("private_address", address="10.0.0.1"), "10.0.0.1 is not a public address: set PEC_"),
    ],
)
def test_a_dead_letter_is_read_back_in_the_words_of_its_code(failure: Failed, why: str) -> None:
    letter = {
        "why": "in other words",
        "code": failure.code,
        "details": json.dumps(dict(failure.details)),
    }

    said = stored_why(letter)

    assert said == failure.why
    assert said.startswith(why)
    assert isinstance(said, Text)


@pytest.mark.parametrize(
    "more", [{}, {"code": "of_tomorrow", "details": "{}"}, {"code": "status", "details": "{}"}]
)
def test_a_letter_of_another_version_keeps_its_own_words(more: dict[str, str]) -> None:
    assert stored_why({"why": "answered 500", **more}) == "answered 500"
