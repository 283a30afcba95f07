"""Whatever bytes come as a job, they are a job or a rejection in words; found by tests/fuzz."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pec.content import sha256
from pec.job_messages import contents_of, digest_of
from pec.jobs import JobRejected, SendJob, parse
from pec.problems import Problem
from tests.unit.pec.strategies import PATIENT
from tools.schemas import schemas

GOOD: dict[str, Any] = {
    "type": "send",
    "id": "inv-1",
    "account": "acme",
    "recipient": "a@pec.example",
    "subject": "s",
    "body": "b",
}
ANY_TEXT = st.text(st.characters(), max_size=20)  # lone surrogates among them
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=8,
)


def problems_of(job: Any) -> list[tuple[str, str]]:
    with pytest.raises(JobRejected) as rejected:
        parse(json.dumps(job))
    return [(problem.field, problem.reason) for problem in rejected.value.problems]


def is_judged(raw: bytes | str) -> None:
    problems = []
    try:
        parse(raw)
    except JobRejected as rejected:
        problems = rejected.problems or [Problem("", "")]
    assert all(problem.field and problem.reason for problem in problems)


@PATIENT
@given(st.binary(max_size=200))
def test_any_bytes_are_judged(raw: bytes) -> None:
    is_judged(raw)


@PATIENT
@given(ANY_JSON)
def test_any_json_is_judged(found: Any) -> None:
    is_judged(json.dumps(found))


@PATIENT
@given(
    st.sampled_from(("send", "poll", "cancel", "batch")), st.dictionaries(st.sampled_from([*GOOD]), ANY_JSON)
)
def test_any_value_of_a_field_is_judged(kind: str, fields: dict[str, Any]) -> None:
    is_judged(json.dumps({**GOOD, **fields, "type": kind}))


@pytest.mark.parametrize("written", ["NaN", "Infinity", "-Infinity", "1e999", '"\\ud800"'])
def test_metadata_hold_nothing_that_other_readers_of_events_can_not_read(written: str) -> None:
    raw = json.dumps(GOOD)[:-1] + f', "metadata": {{"a": [{written}]}}}}'

    with pytest.raises(JobRejected, match="metadata: holds NaN, Infinity or half a character"):
        parse(raw)


@pytest.mark.parametrize("field", ["subject", "body", "recipient", "webhook"])
def test_half_a_character_is_refused_and_not_sent_as_another(field: str) -> None:
    assert problems_of({**GOOD, field: "a\ud800b"}) == [
        (field, "holds half a character (a lone surrogate): write whole ones")
    ]


@pytest.mark.parametrize("name", ["", "\u202eevil\x1b[2J", "x" * 10_000])
def test_a_stray_name_is_reported_so_that_it_can_be_shown(name: str) -> None:
    [(field, _)] = problems_of({**GOOD, name: 1})

    assert field.isprintable()
    assert 0 < len(field) <= 64


def test_of_many_faults_some_are_reported_at_once() -> None:
    began = time.monotonic()

    problems = problems_of({**GOOD, **{f"x{number}": 1 for number in range(50_000)}})

    assert 1 <= len(problems) <= 100
    assert time.monotonic() - began < 5  # a bound, not a benchmark: a thread of intake stood still meanwhile


def test_what_is_nested_too_deeply_is_reported_in_short() -> None:
    [(field, reason)] = problems_of({**GOOD, "metadata": {"a": json.loads("[" * 300 + "]" * 300)}})

    assert (field.split(".")[0], reason) == ("metadata", "is nested too deeply: make it flatter")
    assert len(field) <= 128


OPTIONAL = [
    *("v", "attachments", "batch", "priority", "not_before", "not_after", "webhook", "metadata", "reference"),
    *("together", "traceparent"),
]


def digest(job: Any) -> str:
    parsed = parse(json.dumps(job))
    assert isinstance(parsed, SendJob)
    return digest_of(parsed, contents_of(parsed))


@pytest.mark.parametrize("field", OPTIONAL)
def test_an_optional_field_that_is_null_is_the_same_job_as_without_it(field: str) -> None:
    assert digest({**GOOD, field: None}) == digest(GOOD)


def test_what_else_the_line_of_a_sheet_says_makes_no_other_job() -> None:
    noted = {"row": {"Nome": "Anna", "Note": "telefonato"}, "pratica": "7"}

    assert digest({**GOOD, "metadata": noted}) == digest({**GOOD, "metadata": {"pratica": "7"}})
    assert digest({**GOOD, "metadata": {"row": {"Nome": "Anna"}}}) == digest(GOOD)
    assert digest({**GOOD, "metadata": {"row": 17}}) != digest({**GOOD, "metadata": {"row": 18}})


def test_every_optional_field_of_every_job_may_be_null() -> None:
    poll = {"type": "poll", "id": "p", "account": "acme", "code": "2020082610003492"}

    assert parse(json.dumps({**poll, "subject": None, "recipient": None, "v": None})) == parse(
        json.dumps(poll)
    )
    assert parse('{"type": "cancel", "id": "x", "batch": null}') == parse('{"type": "cancel", "id": "x"}')


def test_a_model_made_by_a_program_takes_none_as_a_job_takes_null() -> None:
    fields: dict[str, Any] = {**GOOD, "type": "send"}
    nulls: dict[str, Any] = dict.fromkeys(OPTIONAL)

    assert SendJob(**fields, **nulls) == SendJob(**fields)


def test_the_schema_lets_null_stand_where_the_intake_does() -> None:
    send = json.loads(schemas()["job.schema.json"])["$defs"]["SendJob"]
    nullable = {
        name for name, field in send["properties"].items() if {"type": "null"} in field.get("anyOf", ())
    }

    assert nullable == set(OPTIONAL) == set(send["properties"]) - set(send["required"])


@pytest.mark.parametrize("field", ["id", "account", "recipient", "subject", "body"])
def test_a_field_that_is_needed_may_not_be_null(field: str) -> None:
    assert [name for name, _ in problems_of({**GOOD, field: None})] == [field]


@pytest.mark.parametrize("body", ["", " \r\n\t", "\u00a0\u2028", "\ufeff \ufeff", {"sha256": sha256(b"")}])
def test_a_message_without_a_text_is_refused_as_an_empty_template_is(body: Any) -> None:
    assert problems_of({**GOOD, "body": body}) == [("body", "is empty: write the message, in HTML")]


def test_a_job_that_begins_with_the_mark_of_notepad_is_read() -> None:
    assert parse(json.dumps(GOOD).encode("utf-8-sig")) == parse(json.dumps(GOOD))


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        ('{"recipient": "b@pec.example", %s}', ["recipient"]),
        ('{"id": "inv-2", "subject": "t", %s}', ["id", "subject"]),
        ('{"metadata": {"customer": 1, "customer": 2}, %s}', ["customer"]),
        ('{"attachments": [{"name": "a", "name": "b", "file": ""}], %s}', ["name"]),
        ('{"": 1, "": 2, %s}', ["job"]),
    ],
)
def test_a_field_that_stands_twice_is_rejected_and_not_one_of_its_values_taken(
    raw: str, fields: list[str]
) -> None:
    with pytest.raises(JobRejected) as rejected:
        parse(raw % json.dumps(GOOD)[1:-1])
    assert [problem.field for problem in rejected.value.problems] == fields
    assert {problem.reason for problem in rejected.value.problems} == {
        "stands twice in the job: write it once"
    }
    assert rejected.value.safe.get("id") == (None if "id" in fields else "inv-1")


def test_a_list_with_a_repeated_field_is_rejected_too() -> None:
    with pytest.raises(JobRejected) as rejected:
        parse('[{"id": "a", "id": "b"}]')
    assert [problem.code for problem in rejected.value.problems] == ["repeated_field"]


def test_a_size_that_no_batch_has_is_rejected_because_the_greatest_counts() -> None:
    batch = {"type": "batch", "id": "november", "size": 10**20}
    assert problems_of(batch) == [("size", "must be 1000000000 or less")]


TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_job_is_the_same_in_whatever_trace_it_comes() -> None:
    plain, traced = (parse(json.dumps({**GOOD, **more})) for more in ({}, {"traceparent": TRACEPARENT}))
    assert isinstance(plain, SendJob)
    assert isinstance(traced, SendJob)
    assert traced.traceparent == TRACEPARENT
    assert digest_of(plain, contents_of(plain)) == digest_of(traced, contents_of(traced))


def test_the_digest_of_a_job_is_that_of_older_versions_which_know_no_trace() -> None:
    job = parse(json.dumps(GOOD))
    assert isinstance(job, SendJob)
    assert digest_of(job, contents_of(job)) == "9530dae302e7986bf8c88d9ab4c81d33"


def test_no_job_is_refused_for_an_invalid_trace_context() -> None:
    assert parse(json.dumps({**GOOD, "traceparent": "00-none-at-all"})) == parse(json.dumps(GOOD))
    assert problems_of({**GOOD, "traceparent": 17}) == [("traceparent", "must be a string")]
