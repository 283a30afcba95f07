"""A message that a backup holds as queued, and the receipt that shows it was sent."""

from datetime import UTC, datetime, timedelta

from pec.messages import Message
from pec.names import State
from pec.receipts import Kind, Receipt

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SENT_AT = NOW - timedelta(hours=2)
CODE = "2026112510000001"
QUEUED = Message(
    id="inv-1",
    account="acme",
    recipients=("x@pec.example",),
    subject="Fattura",
    state=State.QUEUED,
    created_at=NOW - timedelta(days=1),
    updated_at=NOW - timedelta(days=1),
    version=1,
)
ACCEPTANCE = Receipt(
    kind=Kind.ACCETTAZIONE,
    subject="Fattura [rif. 7K2QX]",
    code=CODE,
    date=SENT_AT,
    virus=False,
    named=(),
    final=None,
    error=None,
    text="…",
    sender="posta-certificata@pec.example",
)
