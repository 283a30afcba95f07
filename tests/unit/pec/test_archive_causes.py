"""Why the archive is away, in the words of a code that a worker reported."""

import json

import pytest

from config.texts import Text
from pec.archive_causes import reported_cause

SAID = "the archive /srv/pec can't be used (Permission denied): let the user of the workers write there"


def test_a_reported_code_is_said_in_texts_that_can_be_translated() -> None:
    stored = json.dumps({"cause": "not_permitted", "place": "/srv/pec", "why": "Permission denied"})

    what, remedy = reported_cause("", stored)

    assert isinstance(what, Text)
    assert isinstance(remedy, Text)
    assert f"{what}: {remedy}" == SAID


@pytest.mark.parametrize(
    "stored", ["", "{}", "[]", "null", '{"cause": "of_tomorrow"}', '{"cause": "disk_full"}', '{"cause": []}']
)
def test_without_a_code_that_is_known_here_the_worker_s_own_words_count(stored: str) -> None:
    assert reported_cause(SAID, stored) == (
        "the archive /srv/pec can't be used (Permission denied)",
        "let the user of the workers write there",
    )
