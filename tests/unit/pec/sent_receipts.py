"""Receipts of one sent PEC, of every kind, for tests of what follows from them."""

from datetime import UTC, datetime, timedelta

from pec.receipts import Kind, Named, Receipt

SENT_AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TO, OTHER = "mario@pec.example", "anna@pec.example"
HOUR = timedelta(hours=1)


def receipt(kind: Kind, after: timedelta = timedelta(), **more: object) -> Receipt:
    fields = {"named": (Named(TO, True),), "virus": False, "final": None, "error": None, "text": "t", **more}
    return Receipt(
        kind=kind,
        subject="s",
        code="2026112309300001",
        date=SENT_AT + after,
        sender="posta-certificata@x.it",
        **fields,  # type: ignore[arg-type]
    )


ACCEPTED = receipt(Kind.ACCETTAZIONE)
ORDINARY = receipt(Kind.ACCETTAZIONE, named=(Named(TO, False),))
REFUSED = receipt(Kind.NON_ACCETTAZIONE)
DELIVERED = receipt(Kind.CONSEGNA)
FAILED = receipt(Kind.MANCATA_CONSEGNA, error="5.1.1")
WARNING = receipt(Kind.PREAVVISO, 12 * HOUR, final=False)
FINAL = receipt(Kind.PREAVVISO, 24 * HOUR, final=True)
