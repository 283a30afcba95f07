"""Mail that comes into a mailbox and is no receipt of ours, as pages of the API and headers by IMAP show it: pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parseaddr
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from pec.instants import from_text, to_text
from pec.provider_text import provider
from pec.receipts import Mail
from pec.subjects import is_code, spellings

ENVELOPE_HEADINGS = ("POSTA CERTIFICATA:", "ANOMALIA MESSAGGIO:")
_ON_BEHALF = re.compile(r'^\W*per conto di:\s*"?\s*', re.IGNORECASE)
_ANGLED = re.compile(r"<[^>]*>")
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_MAX_QUOTED = 30


class MailKind(StrEnum):
    """A PEC from another sender, or mail that is not certified."""

    PEC = "pec"
    ORDINARY = "ordinary"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMail:
    """One mail. `attachments` is None if only a page of the API showed it."""

    account: str
    kind: MailKind
    sender: str
    subject: str
    date: datetime | None
    in_reply_to: str | None = None  # our message's id
    attachments: tuple[str, ...] | None = None
    archived: str | None = None  # SHA-256 of its bytes in the archive

    def archived_as(self, sha256: str | None) -> "IncomingMail":
        """Return the mail with its name in the archive."""
        return replace(self, archived=sha256)

    def as_dict(self) -> dict[str, Any]:
        """Return what events and `pec inbox --json` show of it."""
        return {
            "account": self.account,
            "kind": str(self.kind),
            "sender": self.sender,
            "subject": self.subject,
            "date": to_text(self.date) if self.date else None,
            "in_reply_to": self.in_reply_to,
            "attachments": None if self.attachments is None else list(self.attachments),
            "archived": self.archived,
        }


def incoming_from(stored: dict[str, Any]) -> IncomingMail:
    """Return the mail of such a dictionary."""
    attachments = stored.get("attachments")
    return IncomingMail(
        account=stored["account"],
        kind=MailKind(stored["kind"]),
        sender=stored["sender"],
        subject=stored["subject"],
        date=from_text(stored["date"]) if stored.get("date") else None,
        in_reply_to=stored.get("in_reply_to"),
        attachments=None if attachments is None else tuple(attachments),
        archived=stored.get("archived"),
    )


def from_page(account: str, mail: Mail) -> IncomingMail | None:
    """Return the mail that a page of the API shows, or None if a provider wrote it: a receipt, or a notice."""
    if provider(mail.sender) is not None:
        return None
    subject, on_behalf = spellings(mail.subject)[0], _ON_BEHALF.match(mail.sender)
    is_pec = subject.upper().startswith(ENVELOPE_HEADINGS[0]) and on_behalf
    return IncomingMail(
        account=account,
        kind=MailKind.PEC if is_pec else MailKind.ORDINARY,
        sender=_sender(mail.sender),
        subject=without_heading(subject),
        date=mail.date,
    )


def _sender(field: str) -> str:
    """Return the address of a sender, of a PEC that on whose behalf its provider sent it; the field if it has none."""
    rest = _ON_BEHALF.sub("", field)
    if rest != field:
        name = rest.rpartition("<")[0]
        rest = (name if "@" in name else rest).strip('" ')  # behind an address stands the provider's
    return (parseaddr(rest)[1] if "<" in rest else "") or rest.strip('" ')


def without_heading(subject: str) -> str:
    """Return a subject without the words that a provider puts before that of a mail in an envelope."""
    for heading in ENVELOPE_HEADINGS:
        if subject.upper().startswith(heading):
            return subject[len(heading) :].strip()
    return subject


def code_at_end(subject: str) -> str | None:
    """Return the code of the API that ends a subject, or None."""
    last = subject.rpartition(" ")[2]
    return last if is_code(last) else None


def quoted_ids(*fields: str) -> list[str]:
    """Return the Message-IDs that header fields name, the latest first, each once."""
    found = [one for field in fields for one in reversed(_MESSAGE_ID.findall(field))]
    return list(dict.fromkeys(found))[:_MAX_QUOTED]


def traits_of(sender: str, subject: str, date: datetime | None) -> str:
    """Return a digest of what both readers see of a mail. Accents may be mangled, and `<…>` be left out."""
    second = "" if date is None else str(int(date.timestamp()))
    return digest(_letters(_ANGLED.sub("", sender) or sender), _letters(spellings(subject)[0]), second)


def digest(*parts: str) -> str:
    """Return a short name for these texts."""
    return blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=10).hexdigest()


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def replying(mail: IncomingMail, owners: Sequence[str | None]) -> IncomingMail:
    """Return the mail as a reply to the first of these messages that there is."""
    return replace(mail, in_reply_to=next(filter(None, owners), None))
