"""Addresses as PEC providers write them: who speaks in a sender field, and whom a receipt's text names."""

import html
import re
from dataclasses import dataclass

_PROVIDER = re.compile(
    r'(?:"[^"]*" ?|[^"@<>,;:()]*(?: |(?=<))|)'  # a display name, quoted or plain
    r"<?(posta-certificata@[a-z0-9.-]+)>?"
)
_ON_BEHALF = "per conto di"  # how a provider forwards somebody's mail


@dataclass(frozen=True, slots=True)
class Named:
    """A recipient that a text names. `certified` is False for ordinary mail, None where it isn't said."""

    address: str
    certified: bool | None


def provider(sender: str) -> str | None:
    """The address `posta-certificata@…` in lower case, where it alone is the sender; else None.

    The API takes `<…>` out of a field, so a display name can stand before a bare address, or alone.
    A name is never taken for an address, and nothing may follow the address.
    """
    field = " ".join(sender.split()).lower()
    found = _PROVIDER.fullmatch(field)
    return found[1] if found and _ON_BEHALF not in field else None


_ADDRESS = r'[^\s"<>(),;:@]{1,64}@[^\s"<>(),;:@]{1,255}'
_LEAD = re.compile(
    rf"""\b(?:indirizzat[oa] a|destinat[oa] (?:all\W{{0,2}}utente|a)) ?:?(?=["'<\s]*{_ADDRESS})""",
    re.IGNORECASE,
)
_RECIPIENT = re.compile(
    rf"""[\s,;]*(?:ed? )?["<\s]*({_ADDRESS})[">\s]*(?:\(["'\s]*posta (certificata|ordinaria)["'\s]*\))?""",
    re.IGNORECASE,
)


def recipients_in(sentence: str) -> tuple[tuple[Named, ...], str]:
    """The recipients that a provider's sentence names, and the sentence without them.

    `indirizzato a: B ("posta certificata"), C ("posta ordinaria")`, `indirizzato a "B"`,
    `destinato all'utente "B"`. Nobody, and the sentence itself, where it has no such words.
    """
    lead = _LEAD.search(sentence)
    if lead is None:
        return (), sentence
    named, end = [], lead.end()
    while found := _RECIPIENT.match(sentence, end):
        certified = found[2].lower() == "certificata" if found[2] else None
        named.append(Named(found[1].strip("'."), certified))
        end = found.end()
    return tuple(named), sentence[: lead.start()] + sentence[end:]


_MOST_READ = 200_000  # characters: 500 recipients in HTML; a CONSEGNA goes on with the whole message
_OPENING = re.compile(r'.{0,300}?\b(?:il|nel) messaggio "', re.IGNORECASE)
_ENDING = re.compile(r"\bidentificativo (?:del )?messaggio", re.IGNORECASE)


def provider_words(text: str, subject: str, code: str, maybe_body: bool) -> str:
    """The provider's sentence from the end of the subject that it quotes.

    Subject and body may say anything, so it is taken up behind the one and left before the other. The quoted
    subject ends with the code, which nobody knew when they were written; a text without it is found by the
    subject. Where it can also be the body alone (`maybe_body`) it must open as providers do, else it is "".
    """
    plain = _plain(text)
    behind_code = _after(rf'{re.escape(code)} ?"', plain)
    if behind_code is None and maybe_body and not _OPENING.match(plain):
        return ""
    candidates = (
        behind_code,
        _after(f'"{re.escape(_plain(subject))}"', plain),
        _after('" proveniente da', plain),
    )
    words = next((found for found in candidates if found is not None), plain)
    return _ENDING.split(words, maxsplit=1)[0]


def _after(pattern: str, text: str) -> str | None:
    parts = re.split(pattern, text, maxsplit=1)
    return parts[1] if len(parts) == 2 else None


_BRACKETED = re.compile(r"<([^\s<>\"'=@]+@[^\s<>\"'=@]+)>")
_TAG = re.compile(r"<[a-z/!][^<>]*>", re.IGNORECASE)
_QUOTES = str.maketrans("’‘`´“”«»", "''''" + '""""')


def _plain(text: str) -> str:
    """Text or HTML as one line: no tags, no entities, straight quotes, white space folded."""
    bare = _TAG.sub(" ", _BRACKETED.sub(r"\1", text[:_MOST_READ]))
    return " ".join(html.unescape(bare).translate(_QUOTES).split())
