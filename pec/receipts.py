"""Receipts of a PEC, read from mails of the mailbox: their kind, their code, and whom they name.

Kinds and headings are those of RFC 6109.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from pec.domains import compared
from pec.kept_readings import kept_if_short
from pec.originals import Original
from pec.provider_text import (
    WORDS_READ,
    Named,
    identificativo_in,
    is_final_notice,
    provider,
    provider_words,
    recipients_in,
    status_code_in,
)
from pec.subjects import (
    bare,
    ends_with_reference_tag,
    has_reference_tag,
    is_code,
    reference_tag,
    same_letters,
    same_subject,
    spellings,
    whole_subject,
)

__all__ = [
    "HEADINGS",
    "OTHER_SUBJECT",
    "Heading",
    "Kind",
    "Mail",
    "Named",
    "Receipt",
    "Unrecognised",
    "code_in",
    "find",
    "is_about",
    "read",
    "read_all",
]


class Kind(StrEnum):
    """The kinds of receipt, named as their X-Ricevuta header names them (RFC 6109)."""

    ACCETTAZIONE = "accettazione"
    NON_ACCETTAZIONE = "non-accettazione"
    CONSEGNA = "avvenuta-consegna"
    MANCATA_CONSEGNA = "errore-consegna"
    PREAVVISO = "preavviso-errore-consegna"  # SUP. TEMPO MASSIMO: the 12 h warning or the final 24 h notice


@dataclass(frozen=True, slots=True)
class Heading:
    """The beginning of a subject, before the colon. `kind` is None if it is no receipt for us."""

    words: str
    kind: Kind | None
    virus: bool = False


# A new name (ETSI REM) is a new row; without a row, it is reported as unrecognised.
HEADINGS = (
    Heading("ACCETTAZIONE", Kind.ACCETTAZIONE),
    Heading("AVVISO DI NON ACCETTAZIONE", Kind.NON_ACCETTAZIONE),
    Heading("AVVISO DI NON ACCETTAZIONE PER VIRUS", Kind.NON_ACCETTAZIONE, virus=True),
    Heading("CONSEGNA", Kind.CONSEGNA),
    Heading("AVVISO DI MANCATA CONSEGNA", Kind.MANCATA_CONSEGNA),
    Heading("AVVISO DI MANCATA CONSEGNA PER VIRUS", Kind.MANCATA_CONSEGNA, virus=True),
    Heading("AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO", Kind.PREAVVISO),
    Heading("PRESA IN CARICO", None),  # between providers
    Heading("PROBLEMA DI SICUREZZA", None),  # between providers
    Heading("POSTA CERTIFICATA", None),  # a PEC received; its subject may say anything
    Heading("ANOMALIA MESSAGGIO", None),  # ordinary mail received; the same
)
_ANSWER = re.compile(r"(?:re|r|i|fwd?|aw|wg|tr)\s*:", re.IGNORECASE)  # as mail programs begin such subjects
OTHER_SUBJECT = "a receipt with this code, but with a subject other than the one sent"
_FAILURES = (Kind.NON_ACCETTAZIONE, Kind.MANCATA_CONSEGNA, Kind.PREAVVISO)
_MAX_KEPT = 256  # mails: what two busy mailboxes show again in their next pages
_LONGEST_FIRST = sorted(HEADINGS, key=lambda heading: len(heading.words), reverse=True)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail of the mailbox. `date` has a time zone. `text` is None if it was not fetched."""

    sender: str
    recipient: str
    date: datetime | None
    subject: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt of one PEC."""

    kind: Kind
    subject: str  # of the PEC as the receipt quotes it: heading and code taken off, accents perhaps mangled
    code: str
    date: datetime | None
    virus: bool
    named: tuple[Named, ...]  # recipients the text names; () where unknown
    final: (
        bool | None
    )  # of a PREAVVISO: True for the 24 h notice, False for the 12 h warning, None if unclear
    error: str | None  # such as 5.1.1
    text: str | None  # that the API showed; beside an original None, which has the text, or "" if it has none
    sender: str  # the provider's address, lower case
    original: Original | None = None  # the signed mail, if it was read by IMAP
    _key: str | None = field(default=None, init=False, repr=False, compare=False)  # once it was asked for

    @property
    def key(self) -> str:
        """Return a short digest of all that distinguishes two receipts of one code.

        That is kind, code, second, provider, and two things that only the text says: which notice it is, and whom
        it names, because two recipients can get their CONSEGNA in one second. So the key of a receipt seen without
        its text changes once a text names recipients. `pec.receipt_merge` then drops the poorer of the two.
        Two PEC can have got one code, so the id of the PEC distinguishes receipts that were signed.
        """
        if self._key is None:
            key = _digest(*self.traits, *([self.original.identificativo] if self.original else []))
            object.__setattr__(self, "_key", key)
            return key
        return self._key

    @property
    def traits(self) -> tuple[object, ...]:
        """Return the parts of `key`. None and () are unknown."""
        names = tuple(sorted({compared(named.address) for named in self.named}))
        return self.kind, self.virus, self.code, self.sender, self.second, names, self.final

    @property
    def second(self) -> int | None:
        """Return its date in epoch seconds."""
        return _second(self.date)

    @property
    def identificativo(self) -> str | None:
        """Return the provider's id of the PEC: as it was signed, else as the text quotes it."""
        if self.original:
            return self.original.identificativo or None
        return identificativo_in(self.text, self.subject, self.code) if self.text else None


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A provider's mail on exactly our code that is no known receipt: an operator must look."""

    mail: Mail
    why: str  # a sentence without content of the mail

    @property
    def key(self) -> str:
        """Return a short digest by which the mail is reported once, with or without its text."""
        return _digest(
            provider(self.mail.sender),
            " ".join(re.sub(r"[^\x00-\x7f]|\?", "", self.mail.subject).split()),
            _second(self.mail.date),
        )


def read(mail: Mail, code: str, subject: str | None) -> Receipt | Unrecognised | None:
    """Return the receipt that the mail is of the PEC with this code. `subject` is the one sent, None if unknown.

    Return None if the mail is not from a provider, or has another code (perhaps one that ours is part of). Nor is a
    PEC or an ordinary mail that was sent to us a receipt, whatever its subject says.
    """
    found = _parted(mail.subject, lambda end: end == code)
    if provider(mail.sender) is None or found is None:
        return None
    heading, quoted, _ = found
    if heading is None:
        return Unrecognised(mail, "a provider's mail on this code whose subject begins with no known heading")
    if heading.kind and subject is not None and not _is_ours(subject, quoted):
        return Unrecognised(mail, OTHER_SUBJECT)
    return _receipt(mail, heading, quoted, code)


def is_about(receipt: Receipt, subject: str) -> bool:
    """Return whether the receipt quotes this subject, the one sent; "" if it is unknown."""
    return not subject or _is_ours(subject, receipt.subject)


def _is_ours(sent: str, quoted: str) -> bool:
    if sent == quoted or same_subject(sent, quoted) or same_letters(sent, quoted):
        return True
    return ends_with_reference_tag(sent, quoted) and not _is_answer(sent, quoted)


def _is_answer(sent: str, quoted: str) -> bool:
    """Return whether a PEC of a person answers or forwards one of ours: its subject ends as ours does."""
    prefixed = _ANSWER.match(quoted) and not _ANSWER.match(sent)
    forwarded = _take_heading(quoted)[0] and not _take_heading(sent)[0]
    return bool(prefixed or forwarded)


def read_all(mails: Iterable[Mail], code: str, subject: str) -> tuple[list[Receipt], list[Unrecognised]]:
    """Return the receipts among these mails of the PEC with this code, and the mails that are no known receipt.

    `subject` is the one sent, "" if unknown.
    """
    found = [read(mail, code, subject or None) for mail in mails]
    receipts = [one for one in found if isinstance(one, Receipt)]
    return receipts, [one for one in found if isinstance(one, Unrecognised)]


def find(mail: Mail, subject: str, reference: str | None) -> Receipt | None:
    """Return the receipt that the mail is of a send without a code: the receipt has it.

    `subject` is the one sent, with its reference. The reference must stand unharmed before the code. Without a
    reference, a subject that has no ASCII to compare is never found: it would match other messages.
    """
    found = _parted(mail.subject, is_code)
    heading, quoted, code = found or (None, "", "")
    if heading is None or provider(mail.sender) is None:
        return None
    if reference:
        ours = has_reference_tag(quoted, reference_tag(reference)) and (
            whole_subject(subject, quoted) or same_letters(subject, quoted)
        )
    else:
        ours = bare(subject) != "" and whole_subject(subject, quoted)
    return _receipt(mail, heading, quoted, code) if ours else None


def code_in(mail: Mail) -> str | None:
    """Return the code that ends the subject of a provider's mail, of any message."""
    return _code_of(mail.sender, mail.subject)


@kept_if_short(_MAX_KEPT)  # each page of a busy mailbox shows mails that the one before showed
def _code_of(sender: str, subject: str) -> str | None:
    found = _parted(subject, is_code)
    return found[2] if found and provider(sender) else None


def _parted(subject: str, fits: Callable[[str], bool]) -> tuple[Heading | None, str, str] | None:
    """Return heading, quoted subject and code, by the likeliest spelling whose end fits; None if none does.

    A spelling by which the mail was sent to us counts before all others, then one with a heading.
    """
    return max(
        (one for one in _readings(subject) if fits(one[2])),
        key=lambda one: (one[0] is not None) + (one[0] is not None and one[0].kind is None),
        default=None,
    )


@kept_if_short(_MAX_KEPT)  # a mail is read for its code, then as a receipt, by a scan and by a check
def _readings(subject: str) -> list[tuple[Heading | None, str, str]]:
    """Return heading, quoted subject and last word by each spelling."""
    found = []
    for spelling in spellings(subject):
        heading, rest = _take_heading(spelling)
        quoted, _, end = f" {rest}".rpartition(" ")
        found.append((heading, quoted.strip(" "), end))
    return found


def _take_heading(subject: str) -> tuple[Heading | None, str]:
    """Return the longest known heading, if any, and the rest. Only one is taken: a subject may begin so too."""
    for heading in _LONGEST_FIRST:
        prefix = f"{heading.words}:"
        if subject[: len(prefix)].upper() == prefix:
            return heading, subject[len(prefix) :].lstrip(" ")
    return None, subject


def _receipt(mail: Mail, heading: Heading, quoted: str, code: str) -> Receipt | None:
    if heading.kind is None:
        return None
    words = provider_words(mail.text or "", quoted, code, maybe_body=heading.kind is Kind.CONSEGNA)
    named, rest = recipients_in(words)
    rest = rest[:WORDS_READ]
    error = status_code_in(rest) if heading.kind in _FAILURES else None
    return Receipt(
        kind=heading.kind,
        subject=quoted,
        code=code,
        date=mail.date,
        virus=heading.virus,
        named=named,
        final=is_final_notice(rest, error) if heading.kind is Kind.PREAVVISO else None,
        error=error,
        text=mail.text if mail.text and mail.text.strip() else None,
        sender=provider(mail.sender) or mail.sender,
    )


def _digest(*parts: object) -> str:
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]


def _second(date: datetime | None) -> int | None:
    return None if date is None else int(date.timestamp())
