"""Problems of jobs by their code: what Redis keeps of them can be translated, whichever version wrote it."""

import json

import pytest

from config.texts import Text
from pec.jobs import JobRejected, parse
from pec.problems import problem, stored_problem

GOOD = {
    "type": "send",
    "id": "inv-1",
    "account": "acme",
    "recipient": "a@pec.example",
    "subject": "s",
    "body": "b",
}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"subject": " "}, "empty_subject"),
        ({"subject": 7}, "not_a_string"),
        ({"subject": "x" * 501}, "string_too_long"),
        ({"recipient": 7}, "not_addresses"),
        ({"recipient": ["a@pec.example", "A@pec.example"]}, "repeated_address"),
        ({"body": []}, "not_a_body"),
        ({"id": "?"}, "not_an_id"),
        ({"priority": 10}, "too_great"),
        ({"not_before": "tomorrow"}, "not_an_instant"),
        ({"attachments": [{"name": "x", "file": "?"}]}, "not_base64"),
        ({"metadata": {"x": "x" * 20_000}}, "metadata_too_big"),
        ({"priorty": 1}, "misspelt_field"),
        ({"password": "x"}, "credentials_in_job"),
        ({"type": "sned"}, "unknown_type"),
    ],
)
def test_a_rejection_states_a_code_and_is_read_back_from_redis_as_it_was(
    fields: dict[str, object], code: str
) -> None:
    with pytest.raises(JobRejected) as rejected:
        parse(json.dumps({**GOOD, **fields}))
    [found] = rejected.value.problems

    again = stored_problem(json.loads(json.dumps(found.as_dict())))

    assert (found.code, again) == (code, found)
    assert isinstance(again.reason, Text)


def test_a_rejection_of_an_older_version_has_its_words_and_no_code() -> None:
    found = stored_problem({"field": "id", "reason": "is odd"})

    assert (found.reason, found.code) == ("is odd", "")
    assert found.as_dict() == {"field": "id", "reason": "is odd"}


@pytest.mark.parametrize("details", [{}, {"names": "acme"}, None])
def test_a_code_or_a_detail_that_is_not_known_here_leaves_the_stored_words(details: object) -> None:
    stored = {"field": "id", "reason": "is odd", "code": "of_tomorrow", "details": details}
    lacking = {"field": "account", "reason": "is odd", "code": "unknown_account", "details": {}}

    assert stored_problem(stored).reason == "is odd"
    assert stored_problem({**lacking, "details": {"x": 1}}).reason == "is odd"


def test_a_state_among_the_details_is_read_back_as_one() -> None:
    found = problem("id", "not_queued", id="m-1", state="sent")

    assert found.reason == "m-1 is sent: only a message that is still queued can be cancelled"
    assert stored_problem(found.as_dict()) == found
