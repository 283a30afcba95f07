"""The doctor before mailboxes that are read by IMAP."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from config.redis_connection import connect
from config.settings import Account, Settings
from pec.imap.credentials import digest
from pec.imap.server import Server
from pec.messages import Reason
from pec.operations.doctor.imap import imap_checks, password_expiry
from pec.operations.status.findings import Finding, Mark
from pec.store import imap_state
from pec.store.store import Store
from tests.dovecot import PASSWORD, Dovecot

TODAY = date(2027, 2, 1)


def account(port: int = 1, **imap: Any) -> dict[str, Any]:
    known = {"host": "127.0.0.1", "port": port, "tls": False, "password": PASSWORD, **imap}
    return {"sender": "acme@pec.example", "username": "acme", "password": "api", "imap": known}


def found(settings: dict[str, Any], store: Store | None = None, **more: Any) -> Sequence[Finding]:
    wanted = Settings.model_validate(
        {"api": {"token": "t"}, "accounts": {"acme": settings}, "archive": {"url": "/archive"}, **more}
    )
    away = Store(connect("redis://127.0.0.1:1/0"), "pec")
    return list(imap_checks(wanted, store or away, TODAY))


def test_a_mailbox_that_can_be_read_is_named_with_its_folders(dovecot: Dovecot) -> None:
    with dovecot.client() as client:
        client.create_folder("INBOX.Ricevute")

    [one] = found(account(dovecot.plain, folders=["INBOX", "INBOX.Ricevute"]))

    assert (one.mark, one.what) == (
        Mark.OK,
        "account acme: IMAP reads INBOX, INBOX.Ricevute; the mailbox has INBOX, INBOX.Ricevute",
    )


def test_a_folder_that_is_missing_is_reported_beside_those_that_are_there(dovecot: Dovecot) -> None:
    [one] = found(account(dovecot.plain, folders=["INBOX", "INBOX.Nessuna"]))

    assert one.mark is Mark.FAIL
    assert "has no folder INBOX.Nessuna; it has INBOX" in one.what
    assert "PEC_ACCOUNTS__ACME__IMAP__FOLDERS" in one.remedy


def test_a_refused_login_names_the_settings_and_no_password(dovecot: Dovecot) -> None:
    [one] = found(account(dovecot.plain, password="wr0ng"))

    assert (one.mark, "refuses the login" in one.what) == (Mark.FAIL, True)
    assert "PEC_ACCOUNTS__ACME__IMAP__USERNAME" in one.remedy
    assert "wr0ng" not in one.what + one.remedy


def test_a_server_that_is_away_is_a_failure_with_its_address() -> None:
    [one] = found(account())

    assert (one.mark, "127.0.0.1:1" in one.what) == (Mark.FAIL, True)


def test_a_certificate_that_is_not_trusted_has_a_remedy_of_its_own(dovecot: Dovecot) -> None:
    [one] = found(account(dovecot.encrypted, tls=True))

    assert "SSL_CERT_FILE" in one.remedy


def test_an_account_without_imap_is_not_looked_at() -> None:
    assert found({"sender": "acme@pec.example", "username": "acme", "password": "api"}) == []


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        (None, []),
        (date(2027, 2, 16), []),
        (date(2027, 2, 15), [Mark.WARN]),
        (date(2027, 2, 2), [Mark.WARN]),
        (date(2027, 2, 1), [Mark.FAIL]),
        (date(2026, 2, 1), [Mark.FAIL]),
    ],
)
def test_a_password_that_expires_is_announced_two_weeks_before(
    expires: date | None, expected: list[Mark]
) -> None:
    known = Account.model_validate(account(password_expires=expires))

    assert [one.mark for one in password_expiry("acme", known, TODAY)] == expected


def test_credentials_that_workers_know_as_refused_are_not_tried(dovecot: Dovecot, store: Store) -> None:
    known = account(dovecot.plain)
    refused = digest(Server.of(Account.model_validate(known)))
    imap_state.note_refused(store, "acme", refused, Reason("login_refused", "no"))

    [one] = found(known, store)
    assert (one.mark, "refused these credentials before (no)" in one.what) == (Mark.FAIL, True)

    imap_state.forgive(store, "acme", 0)
    assert [one.mark for one in found(known, store)] == [Mark.OK]


def test_a_purge_needs_a_server_that_deletes_single_mails() -> None:
    with Dovecot(capability="IMAP4rev1 IDLE") as server:
        marks = [one.mark for one in found(account(server.plain), mailbox={"purge": "archived"})]

    assert marks == [Mark.OK, Mark.WARN]


def test_a_purge_without_any_mailbox_read_by_imap_is_a_warning() -> None:
    plain = {"sender": "acme@pec.example", "username": "acme", "password": "api"}

    assert [one.mark for one in found(plain, mailbox={"purge": "archived"})] == [Mark.WARN]
    assert found(plain, mailbox={"purge": "texts"}) == []
