"""Receipts as Redis keeps them."""

import json
from dataclasses import replace

from pec.originals import Original
from pec.receipts import Receipt
from pec.store.records import receipt_from_json, receipt_to_json
from tests.unit.pec.sent_receipts import DELIVERED, FINAL, SENT_AT

ORIGINAL = Original("a" * 64, 4900, "verified", "opec1.20261123093000.1@pec.example", SENT_AT)
ARCHIVED = replace(DELIVERED, text=None, original=ORIGINAL)


def without_empty_fields(receipt: Receipt) -> str:
    stated = json.loads(receipt_to_json(receipt))
    return json.dumps({name: value for name, value in stated.items() if value})


def test_a_receipt_is_read_as_it_was_written() -> None:
    for one in (DELIVERED, FINAL, ARCHIVED):
        assert receipt_from_json(receipt_to_json(one)) == one


def test_a_receipt_of_a_newer_version_may_leave_out_what_is_empty() -> None:
    for one in (DELIVERED, FINAL, ARCHIVED, replace(ARCHIVED, named=(), date=None)):
        assert receipt_from_json(without_empty_fields(one)) == one


def test_a_receipt_beside_its_original_has_each_field_that_an_older_version_reads() -> None:
    stated = json.loads(receipt_to_json(ARCHIVED))

    assert {
        "kind",
        "date",
        "code",
        "subject",
        "sender",
        "virus",
        "final",
        "error",
        "named",
        "text",
    } < stated.keys()
    assert stated["text"] is None
