"""The checks of `pec doctor` on mailboxes that are read by IMAP: each one logs in once and opens its folders."""

from collections.abc import Iterator
from datetime import date, timedelta

import redis

from config.settings import Account, Settings
from config.texts import _
from pec.imap.credentials import digest
from pec.imap.errors import FolderMissing, ImapUnavailable, LoginRefused
from pec.imap.server import Server
from pec.imap.session import Session
from pec.operations.status.findings import Finding, Mark
from pec.store import imap_state
from pec.store.store import Store

WARN_BEFORE_EXPIRY = timedelta(days=14)


def imap_checks(settings: Settings, store: Store, today: date) -> Iterator[Finding]:
    """Check each mailbox that has IMAP settings. Nothing is changed in it."""
    if settings.mailbox.purge == "archived" and not any(one.imap.host for one in settings.accounts.values()):
        what = _("PEC_MAILBOX__PURGE is archived, and no account is read by IMAP: nothing is purged")
        remedy = _("set PEC_ACCOUNTS__<NAME>__IMAP__HOST and PEC_ARCHIVE__URL, or unset PEC_MAILBOX__PURGE")
        yield Finding(Mark.WARN, what, remedy)
    for name, account in settings.accounts.items():
        if account.imap.host:
            yield from password_expiry(name, account, today)
            yield from _refused_before(store, name, account) or _logged_in(settings, name, account)


def _refused_before(store: Store, name: str, account: Account) -> list[Finding]:
    """Return the finding if workers know that these credentials are refused: a repeat can lock the mailbox."""
    try:
        known = imap_state.refusal_of(store, name, digest(Server.of(account)))
    except redis.RedisError:
        return []
    if known is None:
        return []
    what = _(
        "account {account}: the IMAP server refused these credentials before ({why}): they are not tried again"
    )
    remedy = _(
        "correct PEC_ACCOUNTS__{name}__IMAP__PASSWORD, or `pec resume {account}` if the server was at fault"
    )
    return [
        Finding(
            Mark.FAIL,
            what.format(account=name, why=known.description),
            remedy.format(name=name.upper(), account=name),
        )
    ]


def password_expiry(name: str, account: Account, today: date) -> Iterator[Finding]:
    """Warn in time: providers' passwords for mail programs live 60 to 90 days."""
    expires = account.imap.password_expires
    if expires is None or today < expires - WARN_BEFORE_EXPIRY:
        return
    remedy = _(
        "renew it at the provider, then set PEC_ACCOUNTS__{name}__IMAP__PASSWORD and …PASSWORD_EXPIRES"
    )
    what = (
        _("account {account}: the IMAP password expires on {day}")
        if today < expires
        else _("account {account}: the IMAP password expired on {day}")
    )
    mark = Mark.WARN if today < expires else Mark.FAIL
    yield Finding(mark, what.format(account=name, day=expires), remedy.format(name=name.upper()))


def _logged_in(settings: Settings, name: str, account: Account) -> Iterator[Finding]:
    try:
        session = Session.open(Server.of(account))
    except LoginRefused as error:
        what = _("account {account}: the IMAP server refuses the login ({why})")
        remedy = _(
            "correct PEC_ACCOUNTS__{name}__IMAP__USERNAME and …PASSWORD: repeated refusals can lock the mailbox"
        )
        yield Finding(
            Mark.FAIL, what.format(account=name, why=error.description), remedy.format(name=name.upper())
        )
        return
    except ImapUnavailable as error:
        yield _unavailable(name, account, error)
        return
    try:
        yield from _folders(name, account, session)
        if settings.mailbox.purge != "off" and not session.can_expunge():
            what = _(
                "account {account}: the IMAP server can't delete single mails (UIDPLUS), so nothing is purged"
            )
            yield Finding(Mark.WARN, what.format(account=name), _("unset PEC_MAILBOX__PURGE"))
    except ImapUnavailable as error:
        yield _unavailable(name, account, error)
    finally:
        session.close()


def _folders(name: str, account: Account, session: Session) -> Iterator[Finding]:
    there = session.folders()
    missing = list(_missing(account, session))
    if missing:
        what = _("account {account}: the IMAP server has no folder {names}; it has {there}")
        remedy = _("correct PEC_ACCOUNTS__{name}__IMAP__FOLDERS")
        yield Finding(
            Mark.FAIL,
            what.format(account=name, names=", ".join(missing), there=", ".join(there)),
            remedy.format(name=name.upper()),
        )
        return
    what = _("account {account}: IMAP reads {names}; the mailbox has {there}")
    names = ", ".join(account.imap.folders)
    yield Finding(Mark.OK, what.format(account=name, names=names, there=", ".join(there)))
    if not session.can_idle():
        what = _("account {account}: the IMAP server does not report new mail (IDLE), so it is asked often")
        yield Finding(Mark.NOTE, what.format(account=name))


def _missing(account: Account, session: Session) -> Iterator[str]:
    for folder in account.imap.folders:
        try:
            session.examine(folder)
        except FolderMissing:
            yield folder


def _unavailable(name: str, account: Account, error: ImapUnavailable) -> Finding:
    what = _("account {account}: its mails can't be read at {host}:{port} ({why})")
    remedy = (
        _("name the server as its certificate does, or name its authority in SSL_CERT_FILE")
        if error.code == "certificate"
        else _("check PEC_ACCOUNTS__{name}__IMAP__HOST and …PORT, and this machine's network").format(
            name=name.upper()
        )
    )
    place = {"host": account.imap.host, "port": account.imap.port}
    return Finding(Mark.FAIL, what.format(account=name, why=error.description, **place), remedy)
