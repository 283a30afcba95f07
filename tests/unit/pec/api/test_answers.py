"""The meaning of an answer, whatever it looks like."""

import html
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from pec.api.answers import EXCERPT_CHARACTERS, Answer, code_of, envelope_of, scrub
from pec.api.errors import ApiError, OutcomeUnknown, RateLimited


def answer(status: int, content: Any, **headers: str) -> Answer:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    named = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    return Answer(status, named, raw)


def failure(given_answer: Answer, *secrets: str) -> ApiError:
    with pytest.raises(ApiError) as caught:
        code_of(given_answer, secrets)
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 202, 299])
@pytest.mark.parametrize(
    "code",
    ["2020082610003492", "202009211526363", 202009211526363, "20200921152636312", "20200921152636312345"],
)
def test_success_and_digits_are_a_code(status: int, code: Any) -> None:
    assert code_of(answer(status, {"success": True, "message_id": code}), ()) == str(code)


@pytest.mark.parametrize(
    "message_id",
    [
        None,
        "",
        "550 5.1.1 no such user",
        "2020082610003492 ",
        "2020 08",
        "123456",
        "20200826100034",
        "202008261000341234567",
        "2020132610003492",
        2020082610003,
        "-1",
        -1,
        1.5,
        True,
        [],
        {},
        "٢٠٢٠",
        "²",
    ],
)
def test_success_without_digits_that_can_be_a_code_is_unknown(message_id: Any) -> None:
    error = failure(answer(201, {"success": True, "message_id": message_id}))
    assert (type(error), error.code) == (OutcomeUnknown, "no_code")


@pytest.mark.parametrize("success", [False, None, "true", 1, "false", [], "missing"])
def test_a_code_without_success_is_unknown(success: Any) -> None:
    envelope = {"success": success, "message_id": "2020082610003492"}
    if success == "missing":
        del envelope["success"]
    error = failure(answer(201, envelope))
    assert (type(error), error.code) == (OutcomeUnknown, "unsuccessful")


def test_smtp_errors_on_a_201_are_unknown_and_quoted() -> None:
    error = failure(answer(201, {"success": False, "message_id": "451 4.7.1 try later", "sent": 0}))
    assert type(error) is OutcomeUnknown
    assert error.details["status"] == 201
    assert "451 4.7.1 try later" in error.details["excerpt"]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 429, 500])
def test_an_error_that_claims_success_is_unknown(status: int) -> None:
    assert (
        type(failure(answer(status, {"success": True, "message_id": "2020082610003492"}))) is OutcomeUnknown
    )


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'"x"', b"null", b"{", b"[" * 100_000, b"9" * 9_000, b"\xff\xfe"]
)
def test_what_is_no_envelope_is_unknown(content: bytes) -> None:
    assert type(failure(answer(201, content))) is OutcomeUnknown


def test_a_byte_order_mark_is_read_over() -> None:
    assert envelope_of(answer(200, b'\xef\xbb\xbf{"success": true}'), ()) == {"success": True}


@given(st.integers(100, 999), st.binary(max_size=200))
def test_no_answer_breaks_the_reader(status: int, content: bytes) -> None:
    assert isinstance(failure(answer(status, content)), ApiError)


def test_a_date_is_held_against_the_date_of_the_answer() -> None:
    dates = {"Date": "Thu, 01 Jan 2026 12:00:00 GMT", "Retry_After": "Thu, 01 Jan 2026 12:00:30 GMT"}
    assert failure(answer(429, {}, **dates)).details["retry_after_seconds"] == 30


def test_a_429_that_names_no_time_promises_none() -> None:
    error = failure(answer(429, {}, Retry_After="Thu, 01 Jan 2026 12:00:30 GMT"))
    assert type(error) is RateLimited
    assert "retry_after_seconds" not in error.details


def test_an_excerpt_is_short_and_cut_after_scrubbing() -> None:
    secret = "s3cret" * 10
    excerpt = failure(answer(500, b"x" * (EXCERPT_CHARACTERS - 20) + secret.encode() * 3), secret).details[
        "excerpt"
    ]
    assert len(excerpt) <= EXCERPT_CHARACTERS
    assert "s3c" not in excerpt


def test_an_empty_secret_scrubs_nothing() -> None:
    assert scrub("as it was", ["", ""]) == "as it was"


@given(st.text(min_size=4), st.text())
def test_a_secret_is_scrubbed_in_every_spelling(secret: str, around: str) -> None:
    assume("…" not in secret and secret.encode("utf-8", "ignore").decode() == secret)
    for spelling in (
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(secret)[1:-1].replace("/", r"\/"),
        html.escape(secret),
        quote(secret),
        quote_plus(secret),
    ):
        assert spelling not in scrub(f"{around} {spelling} {around}", [secret])
