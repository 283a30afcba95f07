"""The CSV's cells, read back as a spreadsheet reads them."""

import csv
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.case_files import CaseFile
from archive.table import Table
from pec.messages import Reason
from pec.names import State
from pec.receipts import Kind, Named, Receipt
from pec.spreadsheet_text import unescape
from tests.unit.cli.builders import message

SUMMER = datetime(2026, 7, 1, 22, 30, 15, 999_000, tzinfo=UTC)
WINTER = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def receipt(kind: Kind, date: datetime | None = WINTER, **fields: Any) -> Receipt:
    plain: dict[str, Any] = {"subject": "Fattura", "code": "2026112412000001", "virus": False, "named": ()}
    plain |= {"final": None, "error": None, "text": None, "sender": "posta-certificata@pec.example"}
    return Receipt(kind=kind, date=date, **{**plain, **fields})


def read(*receipts: Receipt, state: State = State.DELIVERED, **fields: Any) -> list[dict[str, str]]:
    case = CaseFile(message(state, **fields), receipts)
    text = (Table().header() + b"".join(Table().lines(case))).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=";"))


def test_it_is_what_excel_in_italy_opens() -> None:
    text = Table().header() + b"".join(Table().lines(CaseFile(message(), ())))

    assert text.startswith(b"\xef\xbb\xbfid;batch;")
    assert text.count(b"\r\n") == 2


def test_times_are_those_of_rome_to_the_second() -> None:
    [row] = read(receipt(Kind.CONSEGNA), created_at=SUMMER)

    assert row["created_at"] == "2026-07-02T00:30:15+02:00"
    assert row["consegna"] == "2026-12-01T10:00:00+01:00"


@pytest.mark.parametrize(
    "subject",
    ['perché; "così"', "a;b", 'solo "virgolette"', "riga\r\ndue\nrighe", "€ 100 – naïve", "", "a,b\t"],
)
def test_every_text_survives_the_way_through_csv(subject: str) -> None:
    assert read(subject=subject)[0]["subject"] == subject


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_is_lost_and_none_is_a_formula(subject: str) -> None:
    [row] = read(subject=subject)

    assert unescape(row["subject"]) == subject
    assert not row["subject"].startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("text", ["=1+1", "+39 02 1234", "-5", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_is_defused_in_every_column_that_holds_text(text: str) -> None:
    [row] = read(id=text, batch=text, recipients=(text,), subject=text, reason=Reason(text, text))

    columns = ("id", "batch", "recipient", "subject", "reason_code", "reason")
    assert [row[one] for one in columns] == [f"'{text}"] * len(columns)


@pytest.mark.parametrize(
    ("text", "cell"),
    [("2026112309300001", "'2026112309300001"), ("00123", "'00123"), ("123", "123"), ("0", "0")],
)
def test_a_number_that_excel_would_round_or_shorten_stays_text(text: str, cell: str) -> None:
    assert read(code=text)[0]["code"] == cell


def test_each_kind_of_receipt_has_its_column() -> None:
    [row] = read(*(receipt(kind) for kind in Kind))

    columns = ("accettazione", "non_accettazione", "preavviso", "consegna", "mancata_consegna")
    assert {row[one] for one in columns} == {"2026-12-01T10:00:00+01:00"}


def test_several_receipts_of_a_kind_are_all_reported() -> None:
    [row] = read(receipt(Kind.PREAVVISO), receipt(Kind.PREAVVISO, date=None))

    assert row["preavviso"] == "2026-12-01T10:00:00+01:00, no date"


def test_errors_are_reported_once_and_a_virus_is_one() -> None:
    failed = receipt(Kind.MANCATA_CONSEGNA, error="5.1.1")
    [row] = read(failed, failed, receipt(Kind.MANCATA_CONSEGNA, virus=True))

    assert row["receipt_error"] == "5.1.1, virus"


@pytest.fixture
def together() -> dict[str, dict[str, str]]:
    """One PEC that reached `a`, not `b`, and of which nothing is known yet for `c`."""
    rows = read(
        receipt(Kind.ACCETTAZIONE, named=(Named("a@pec.example", True), Named("b@pec.example", True))),
        receipt(Kind.CONSEGNA, named=(Named("A@pec.example", None),)),
        receipt(Kind.MANCATA_CONSEGNA, named=(Named("b@pec.example", None),), error="5.1.1"),
        state=State.ACCEPTED,
        recipients=("a@pec.example", "b@pec.example", "c@pec.example"),
        outcomes={"a@pec.example": "delivered", "b@pec.example": "undelivered", "c@pec.example": "accepted"},
        reason=Reason("not_delivered", "of somebody"),
    )
    return {row["recipient"][0]: row for row in rows}


def test_one_pec_to_several_has_a_row_for_each_with_its_own_state(
    together: dict[str, dict[str, str]],
) -> None:
    assert {name: row["state"] for name, row in together.items()} == {
        "a": "delivered",
        "b": "undelivered",
        "c": "accepted",
    }
    assert {row["id"] for row in together.values()} == {"inv-1"}


def test_a_row_is_only_about_its_recipient(together: dict[str, dict[str, str]]) -> None:
    assert {name: bool(row["consegna"]) for name, row in together.items()} == {
        "a": True,
        "b": False,
        "c": False,
    }
    assert all(row["accettazione"] for row in together.values())
    assert {name: (row["reason_code"], row["receipt_error"]) for name, row in together.items()} == {
        "a": ("", ""),
        "b": ("not_delivered", "'5.1.1"),
        "c": ("", ""),
    }


def test_one_that_was_never_sent_has_the_messages_state_for_each() -> None:
    rows = read(
        state=State.CANCELLED,
        recipients=("a@pec.example", "b@pec.example"),
        reason=Reason("cancelled", "cancelled before it was sent"),
    )

    assert [(row["state"], row["reason_code"]) for row in rows] == [("cancelled", "cancelled")] * 2


def test_a_followed_pec_without_a_stated_recipient_has_a_row() -> None:
    assert [row["recipient"] for row in read(recipients=())] == [""]


def test_the_columns_keep_their_order() -> None:
    assert Table().header().decode("utf-8-sig").strip().split(";") == [
        *("id", "batch", "account", "recipient", "state", "code", "subject", "attempts"),
        *("created_at", "sent_at", "accepted_at", "ended_at", "reason_code", "reason"),
        *("accettazione", "non_accettazione", "preavviso", "consegna", "mancata_consegna", "receipt_error"),
        "replaced_by",
    ]
