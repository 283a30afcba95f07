"""Reads a mail that came in: who wrote it, what it replies to, and whether it is a PEC. Pure.

A PEC lies in the envelope that its provider signed. What the envelope says of sender and subject counts if its
signature holds; an envelope whose signature does not hold is ordinary mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr

from archive import content, mime
from archive.certified import is_trusted
from archive.chain import Profile
from archive.daticert import ENVELOPE
from archive.signatures import Verification, verify
from pec.incoming import IncomingMail, MailKind, quoted_ids, without_heading

MAX_NAMES = 200


@dataclass(frozen=True, slots=True)
class ReadMail:
    """A mail, and the Message-IDs that it quotes, the latest first."""

    mail: IncomingMail
    quoted: Sequence[str]


def read(account: str, raw: bytes, profiles: Sequence[Profile]) -> ReadMail:
    """Return what a mail says."""
    outer = mime.parse(raw)
    verification = verify(raw, profiles)
    is_pec = _is_envelope(outer.headers, verification)
    inside = _inside(outer, verification)
    headers = inside.headers if inside else outer.headers
    facts = verification.daticert if is_pec else None
    mail = IncomingMail(
        account=account,
        kind=MailKind.PEC if is_pec else MailKind.ORDINARY,
        sender=facts.sender if facts else _address_of(headers),
        subject=facts.subject if facts else without_heading(mime.decoded(headers.get("Subject"))),
        date=(facts.dated_at if facts else None) or mime.date_of(outer.headers),
        attachments=tuple(_names(inside or outer)),
    )
    return ReadMail(mail, _quoted(headers, outer.headers))


def _is_envelope(headers: Message, found: Verification) -> bool:
    if not is_trusted(found):
        return False
    return found.daticert.kind == ENVELOPE if found.daticert else headers.get("X-Trasporto") == ENVELOPE


def _inside(outer: mime.Part, found: Verification) -> mime.Part | None:
    """Return the mail in an envelope, whether its signature holds or not."""
    if found.postacert is not None:
        return mime.parse(found.postacert)
    if "X-Trasporto" not in outer.headers:
        return None
    mails = [one for one in mime.leaves(outer) if one.name.lower() == content.POSTACERT]
    return mime.parse(mime.content(mails[0])) if len(mails) == 1 else None


def _quoted(*headers: Message) -> list[str]:
    fields = [str(one.get(name, "")) for one in headers for name in ("In-Reply-To", "References")]
    return quoted_ids(*fields)


def _names(mail: mime.Part) -> list[str]:
    return [one.name for one in mime.leaves(mail) if one.name][:MAX_NAMES]


def _address_of(headers: Message) -> str:
    """Return the address that a mail says it is from."""
    field = mime.decoded(headers.get("From"))
    return parseaddr(str(headers.get("From", "")))[1] or field
