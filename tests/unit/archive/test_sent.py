"""Whether what was sent is what a receipt holds."""

import hashlib
from dataclasses import replace

import pytest

from archive.sent import Comparison, Match, compare
from tests.signing import ACCEPTED, DELIVERED, PDF, SENT, receipt, verified

# What a provider makes of a mail: other header fields, another Message-ID
FORWARDED = (
    b"Received: from x by y\r\nMessage-ID: <opec1@pec.example>\r\nX-Riferimento-Message-ID: <1@x>\r\n" + SENT
)
SHORT = (
    SENT.replace(b"fattura.pdf", b"fattura.pdf.hash")
    .replace(b"application/pdf", b"text/plain")
    .replace(b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: 7bit")
    .replace(
        b"JVBERi0xLjQNCgABIGEgZmlsZSB0aGF0IHdhcyBzZW50CiUlRU9GCg==",
        hashlib.sha1(PDF).hexdigest().upper().encode(),
    )
)


@pytest.mark.parametrize(
    ("sent", "comparison"),
    [
        (PDF, Comparison(Match.EQUAL, "fattura.pdf")),
        (PDF + b"\n", Comparison(Match.DIFFERENT)),
        (PDF.replace(b"\n", b"\r\n"), Comparison(Match.DIFFERENT)),
        (b"<p>In allegato.</p>\n", Comparison(Match.EQUAL, "")),
        (b"<p>In allegato?</p>\n", Comparison(Match.DIFFERENT)),
        (SENT, Comparison(Match.EQUAL, "")),
        (SENT.replace(b"\r\n", b"\n"), Comparison(Match.EQUAL, "")),
        (SENT.replace(b"In allegato", b"Ecco"), Comparison(Match.DIFFERENT)),
        (FORWARDED, Comparison(Match.EQUAL, "")),
    ],
)
def test_a_file_is_compared_with_each_part_and_with_the_whole(sent: bytes, comparison: Comparison) -> None:
    assert compare(verified(receipt(postacert=FORWARDED)), sent) == comparison


def test_a_receipt_without_content_says_nothing_of_a_file() -> None:
    assert compare(verified(receipt(ACCEPTED, postacert=None)), PDF) == Comparison(Match.NO_CONTENT)


def test_what_was_altered_says_nothing_of_a_file() -> None:
    altered = receipt().replace(b"In allegato", b"In Allegato")

    assert compare(verified(altered), PDF) == Comparison(Match.NO_CONTENT)


def test_a_short_receipt_holds_digests_in_place_of_attachments() -> None:
    short = verified(receipt(replace(DELIVERED, receipt_type="breve"), postacert=SHORT))

    assert compare(short, PDF) == Comparison(Match.EQUAL_DIGEST, "fattura.pdf.hash")
    assert compare(short, PDF + b"x") == Comparison(Match.DIFFERENT)


def test_digests_that_a_sender_wrote_into_a_complete_receipt_do_not_count() -> None:
    assert compare(verified(receipt(postacert=SHORT)), PDF) == Comparison(Match.DIFFERENT)
