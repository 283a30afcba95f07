"""One shape, whichever of its shapes the API chose."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pec.api import answers
from pec.api.errors import ApiError, OutcomeUnknown
from pec.receipts import Mail

AT = datetime(2020, 8, 26, 8, 0, 35, tzinfo=UTC)
DATE = "Wed, 26 Aug 2020 10:00:35 +0200"
MAIL = Mail("posta-certificata@pec.example", "me@pec.example", AT, "CONSEGNA: s 2020082610003492", "testo")
BOTH = {"sender": MAIL.sender, "recipient": MAIL.recipient}
LIVE = BOTH | {"date": DATE, "subject": MAIL.subject, "body": "testo"}
DOCUMENTED = BOTH | {"data": DATE, "object": MAIL.subject, "message": "testo"}
LISTED = BOTH | {"date": DATE, "object": MAIL.subject}

names = st.sampled_from(
    ["data", "date", "subject", "object", "body", "message", "id", "page", "usage", "limit"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(), inner, max_size=5),
    max_leaves=12,
)


@pytest.mark.parametrize("item", [LIVE, DOCUMENTED, LIVE | {"data": None, "message": None}])
def test_live_and_documented_items_read_the_same(item: dict[str, Any]) -> None:
    assert answers.mails({"data": [item]}) == [MAIL]


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ([LIVE, DOCUMENTED], 2),
        (LIVE, 1),
        ({"0": LIVE, "2": DOCUMENTED}, 2),
        ([None, LIVE, "noise"], 1),
        ([], 0),
        ({}, 0),
        (None, 0),
    ],
)
def test_data_may_be_a_list_an_object_or_null(data: Any, count: int) -> None:
    assert len(answers.mails({"data": data})) == count


def test_data_may_be_missing() -> None:
    assert answers.mails({}) == []
    assert answers.inbox_page({}).mails == ()


@pytest.mark.parametrize(
    ("item", "unreadable"),
    [
        (LIVE, 0),
        (DOCUMENTED, 0),
        (LISTED, 0),
        ({"subject": None}, 0),
        ("text", 1),
        (None, 1),
        ({"sender": "a@x"}, 1),
    ],
)
def test_items_without_a_subject_in_either_shape_are_counted(item: Any, unreadable: int) -> None:
    assert answers.inbox_page({"data": [LIVE, item]}).unreadable == unreadable


@pytest.mark.parametrize("data", ["text", 1, True])
def test_data_of_another_kind_is_unknown_rather_than_empty(data: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        answers.mails({"data": data})


@pytest.mark.parametrize("text", [None, ""])
def test_a_text_that_is_null_or_empty_was_fetched_and_is_empty(text: str | None) -> None:
    assert answers.mail(LIVE | {"body": text}).text == ""
    assert answers.mail(DOCUMENTED | {"message": text}).text == ""


def test_a_listed_mail_has_no_text_yet() -> None:
    assert answers.mail(LISTED).text is None


def test_null_fields_are_empty() -> None:
    nulls = dict.fromkeys(LIVE)
    assert answers.mail(nulls) == Mail("", "", None, "", "")


@pytest.mark.parametrize(
    "text",
    [
        "Wed, 26 Aug 2020 10:00:35 +0200",
        "26 Aug 2020 10:00:35 +0200",
        " Wed, 26 Aug 2020 08:00:35 GMT ",
        "Wed, 26 Aug 2020 08:00:35 -0000",
        "Wed, 26 Aug 2020 10:00:35 +0200 (CEST)",
        "Wed, 26 Aug 2020 10:00:35",
        "26/08/2020 10:00:35",
        "26/8/2020, 10:00:35",
        "2020-08-26 10:00:35",
        "2020-08-26T08:00:35Z",
    ],
)
def test_dates_come_in_many_guises(text: str) -> None:
    assert answers.date(text) == AT


def test_italian_dates_without_a_zone_follow_summer_and_winter() -> None:
    assert answers.date("26/01/2020 10:00") == datetime(2020, 1, 26, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("", "ieri", "32/13/2020 10:00:35", "26/08/2020 25:00", "0000-00-00 00:00:00"),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),  # beyond what UTC can say
        "Wed, 26 Aug 2020 10:00:35 +0200" + " " * 100,  # longer than any: it would be kept
    ],
)
def test_an_unreadable_date_is_none(text: str) -> None:
    assert answers.date(text) is None


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ Aug \d+ \d+:\d+:\d+ [+-]?\d+", fullmatch=True))
def test_every_date_is_aware_or_none(text: str) -> None:
    found = answers.date(text)
    assert found is None or found.tzinfo is not None


def test_a_page_keeps_the_ids_beside_the_mails() -> None:
    envelope = {"data": [LISTED | {"id": 1}, LISTED | {"id": "b"}, LISTED], "page": "39", "total": 981.0}
    page = answers.inbox_page(envelope)
    assert [name for name, _ in page.mails] == [1, "b", ""]
    assert (page.page, page.total, page.pages) == (39, 981, None)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Citt%C3%A0+%2B+altro", "Città + altro"),
        ("This is an example body.", "This is an example body."),
        ("100% + 1", "100% + 1"),
        ("riga%0Aaltra", "riga\naltra"),
        ("%E8", "\ufffd"),
        ("", ""),
        (None, ""),
    ],
)
def test_the_body_of_an_inbox_message_is_form_decoded(body: str | None, text: str) -> None:
    assert answers.inbox_mail({"data": LIVE | {"body": body}}).text == text


@pytest.mark.parametrize("data", [None, [], {}, "text"])
def test_an_inbox_message_that_is_not_there_is_unknown(data: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        answers.inbox_mail({"data": data})


@pytest.mark.parametrize("data", [{"usage": 5, "limit": 10}, {"usage": "5", "limit": "10.0"}])
def test_a_quota_is_two_numbers(data: dict[str, Any]) -> None:
    assert answers.quota({"data": data}) == answers.Quota(5.0, 10.0)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"usage": 5},
        {"usage": 5, "limit": None},
        {"usage": "NaN", "limit": 1},
        {"usage": 10**400, "limit": 1},
    ],
)
def test_a_quota_without_numbers_is_unknown(data: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        answers.quota({"data": data})


@given(st.dictionaries(names, json_values))
def test_no_answer_breaks_the_reader(envelope: dict[str, Any]) -> None:
    for read in (answers.mails, answers.inbox_page, answers.inbox_mail, answers.quota):
        try:
            read(envelope)
        except ApiError:
            continue
