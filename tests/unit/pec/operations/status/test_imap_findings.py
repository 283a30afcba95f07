"""The warnings about mailboxes that IMAP does not read as it should."""

from datetime import UTC, datetime

from pec.messages import Reason
from pec.operations.status.findings import Mark
from pec.operations.status.imap_findings import imap_findings
from pec.operations.status.overview import Lane
from pec.store.imap_state import ImapState

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
WHY = Reason("timeout", "no answer in time")


def said(**state: object) -> list[str]:
    found = list(imap_findings(Lane(account="acme", imap=ImapState(**state)), NOW))  # type: ignore[arg-type]
    assert all(one.mark is Mark.WARN and one.remedy for one in found)
    return [one.what for one in found]


def test_a_mailbox_that_is_read_or_has_no_imap_needs_nothing() -> None:
    assert said() == []
    assert said(read_at=NOW, error=WHY, unproven=1) == []


def test_a_refused_login_names_what_the_server_said() -> None:
    [one] = said(refused=Reason("login_refused", "Authentication failed"), silent_since=NOW)

    assert "refuses the login (Authentication failed)" in one


def test_a_silent_mailbox_names_since_when_and_why() -> None:
    [one] = said(read_at=NOW, silent_since=NOW, error=WHY)

    assert "not read by IMAP since 13:00" in one
    assert "no answer in time" in one


def test_several_receipts_that_prove_nothing_are_counted() -> None:
    [one] = said(unproven=2)

    assert "2 receipts prove nothing" in one
