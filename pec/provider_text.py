"""Texts as PEC providers write them: made plain, and the addresses in them (the provider's, the recipients')."""

import html
import re
from collections.abc import Collection
from dataclasses import dataclass

from pec.domains import compared
from pec.kept_readings import kept_if_short

_MAX_READ = 200_000  # characters: 500 recipients in HTML; a CONSEGNA goes on with the whole message
_MAX_KEPT = 256  # senders: nearly all mails are from a few providers
_BRACKETED = re.compile(r"<([^\s<>\"'=@]+@[^\s<>\"'=@]+)>")
_UNSEEN = re.compile(
    r"<!--(?:(?!<!--).)*?-->|<(style|script)\b(?:(?!<(?:style|script)\b).)*?</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<[a-z/!][^<>]*>", re.IGNORECASE)
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_STRAIGHT = {
    **dict.fromkeys("’‘‚‛`´\x91\x92", "'"),
    **dict.fromkeys("“”„‟«»″\x93\x94", '"'),
    **dict.fromkeys(_INVISIBLE, ""),
}
_CURLED = re.compile(f"[{''.join(_STRAIGHT)}]")  # `str.translate` looks each character up
_SOFT_BREAK = re.compile(r"=[ \t]*\r?\n")
_QUOTED = re.compile(r"(?:=[0-9A-F]{2})+")
# A soft break, or bytes that only quoted-printable writes so. `a=20b@pec.example` alone stays an address.
_IS_QUOTED = re.compile(r"=[ \t]*\r?\n|=[CDE][0-9A-F]=[89AB][0-9A-F]|=(?:E[0-9A-F]|22|3D|A0)(?![0-9A-Za-z])")
_PROVIDER = re.compile(
    r'(?:"[^"]*" ?|[^"@<>,;:()]*(?: |(?=<))|)'  # a display name, quoted or plain
    r"<?(posta-certificata@[a-z0-9.-]+)>?"
)
_ON_BEHALF = "per conto di"  # how a provider forwards ordinary mail


@dataclass(frozen=True, slots=True)
class Named:
    """A recipient that a text names. `certified` is False for ordinary mail, None if the text doesn't say."""

    address: str
    certified: bool | None


@kept_if_short(_MAX_KEPT)
def provider(sender: str) -> str | None:
    """Return the address `posta-certificata@…` in lower case if it alone is the sender, else None.

    The API takes `<…>` out of a field, so a display name can stand before a bare address, or alone.
    A name is never taken for an address, and nothing may follow the address.
    """
    field = " ".join(sender.split()).lower()
    found = _PROVIDER.fullmatch(field)
    return found[1] if found and _ON_BEHALF not in field else None


_ADDRESS = r'[^\s"<>(),;:@]{1,64}@[^\s"<>(),;:@]{1,255}'
# What can stand before an address of a list: quotes, brackets, a bullet (perhaps mangled), a number, `e`, `mailto:`.
# Without `[a-z0-9_]` it is nothing that an address begins with.
_BEFORE = (
    r"[^a-z0-9_@]*+(?:(?:(?:ed?|o) |[a-z]\)|â€¢|(?:n[.°] ?)?\d{1,4}(?:[-.:°ªº/]* |[ .]*[)\]}]))[^a-z0-9_@]*+)?"
    r"(?:mailto:)?"
)
_ALL = (
    r"(?:[aei]|agli|ai|alle?|al)(?: seguent[ei])?(?: (?:destinatari[oe]?|utent[ei]|indirizz[io]|casell[ae]))?"
)
_KIND = (
    r"""posta(?: elettronica)?[^a-z0-9_@]{1,6}(certificata|ordinaria|non certificata)(?![a-z])["'\s]*\)?"""
)
_MARKED = rf"(?:[^a-z0-9_@]|\b(?:tipo|casella|indirizzo)\b|\b(?:di|e)\b){{0,20}}{_KIND}"
# A name or a label before an address: then only the address's kind shows that it is a recipient.
_LABEL = (
    r"(?:(?!\bstat[oai]\b|consegn|accett|errore|identificativo|posta (?:certificata|ordinaria))[^@]){0,80}?"
)
_LABELLED = rf"{_LABEL}(?<![^\s\"'<>(),;:|\]]){_ADDRESS}{_MARKED}"
_LEAD = re.compile(
    rf"""\b(?:(?:indirizzat|destinat|dirett|inviat)[oaie] (?:all\W{{0,2}}utente|{_ALL}) ?:?(?={_BEFORE}{_ADDRESS})"""
    rf"""|(?:(?:indirizzat|destinat|dirett|inviat)[oaie]|destinatari[oe]?)(?![a-z])(?={_LABELLED}))""",
    re.IGNORECASE,
)
_RECIPIENT = re.compile(rf"{_BEFORE}({_ADDRESS})(?:{_MARKED})?", re.IGNORECASE)
_LABELLED_RECIPIENT = re.compile(_LABELLED.replace(_ADDRESS, f"({_ADDRESS})"), re.IGNORECASE)


def recipients_in(sentence: str) -> tuple[tuple[Named, ...], str]:
    """Return the recipients that a provider's sentence names, and the sentence without them.

    `indirizzato a: B ("posta certificata"), C ("posta ordinaria")`, each on a line of its own after `- `,
    `indirizzato a "B"`, `destinato all'utente "B"`. Without such words, return () and the sentence itself.
    """
    lead = _LEAD.search(sentence)
    if lead is None:
        return (), sentence
    named: dict[str, Named] = {}
    end = lead.end()
    while found := _RECIPIENT.match(sentence, end) or _LABELLED_RECIPIENT.match(sentence, end):
        address = _TRAILING.sub("", found[1])
        known = named.setdefault(compared(address), Named(address, None))
        if found[2] and known.certified is None:
            named[compared(address)] = Named(known.address, found[2].lower() == "certificata")
        end = found.end()
    return tuple(named.values()), sentence[: lead.start()] + sentence[end:]


def among(wanted: Collection[str], named: Named) -> str:
    """Return the address to compare with those wanted: a list's number may stand before it without a space."""
    address = compared(named.address)
    unnumbered = _NUMBER.sub("", address)
    return unnumbered if address not in wanted and unnumbered in wanted else address


def is_mangled(named: Named) -> bool:
    """Return whether accents of the address were lost on the way: then its owner is unknown."""
    return "\ufffd" in named.address or "?" in named.address


_NUMBER = re.compile(r"\A\d{1,4}[.-]+")
_TRAILING = re.compile(r"[^0-9A-Za-z\u0080-\ufffc]+$")


_OPENING = re.compile(r'.{0,300}?\b(?:il|nel) messaggio "', re.IGNORECASE)
_ENDING = re.compile(r"\bidentificativo (?:del )?messaggio", re.IGNORECASE)
_BEHIND_CODE = re.compile(r' ?"|\W{1,6}(?=proveniente da)')


def provider_words(text: str, subject: str, code: str, maybe_body: bool) -> str:
    """Return the provider's sentence from the end of the subject that it quotes.

    Subject and body may say anything, so the sentence is read after the one and before the other. The quoted
    subject ends with the code, which was unknown when they were written. A text without the code is found by the
    subject. A text that can also be the body alone (`maybe_body`) must open as providers do, else return "".
    """
    if not text:
        return ""
    line = plain(text)
    words = _behind(code, line)
    if words is None and maybe_body and not _OPENING.match(line):
        return ""
    if words is None:
        words = _after(f'"{plain(subject)}"', line)
    if words is None:
        words = _after('" proveniente da', line)
    return _ENDING.split(line if words is None else words, maxsplit=1)[0]


def _behind(code: str, line: str) -> str | None:
    """Return what follows the subject that ends with the code. A pattern of each code would have to be compiled."""
    at = line.find(code)
    while at >= 0:
        if ending := _BEHIND_CODE.match(line, at + len(code)):
            return line[ending.end() :]
        at = line.find(code, at + 1)
    return None


def _after(words: str, line: str) -> str | None:
    _, found, rest = line.partition(words)
    return rest if found else None


def identificativo_in(text: str, subject: str, code: str) -> str | None:
    """Return the provider's id of the PEC that a receipt's text quotes, or None. A subject is not read for it."""
    line = plain(text)
    behind = _behind(code, line) or _after(f'"{plain(subject)}"', line)
    found = _IDENTIFICATIVO.search(line if behind is None else behind)
    return found[1] if found else None


_IDENTIFICATIVO = re.compile(
    r"\bidentificativo (?:del )?messaggio ?: ?<?([^\s<>]+@[^\s<>]+?)>?[.,;]?(?=\s|$)", re.IGNORECASE
)


# Notices

WORDS_READ = 600  # characters, recipients left out, that are surely still the provider's
_STATUS = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.]*\d)")
_WARNING = re.compile(r"\b(?:dodici|12) ?ore\b", re.IGNORECASE)
_TIMEOUT = re.compile(r"\b(?:ventiquattro|24) ?ore\b", re.IGNORECASE)


def status_code_in(words: str) -> str | None:
    """Return the first status code that names a cause; else the first."""
    found = _STATUS.findall(words)
    return min(found, key=lambda status: status.endswith(".0.0"), default=None)


def is_final_notice(words: str, error: str | None) -> bool | None:
    """Return whether the text is of the final notice; None if it says neither, or both."""
    warning = _WARNING.search(words) is not None
    timeout = _TIMEOUT.search(words) is not None or (error or "").startswith("5.4.1")
    return None if warning == timeout else timeout


# Plain text


def plain(text: str) -> str:
    """Return the text without comments, tags, entities and quoted-printable; quotes straight, white space folded."""
    text = _UNSEEN.sub(" ", unquoted(text[:_MAX_READ]))
    bare = html.unescape(_TAG.sub(" ", _BRACKETED.sub(r"\1", text)))
    return " ".join(_CURLED.sub(lambda found: _STRAIGHT[found[0]], bare).split())


def unquoted(text: str) -> str:
    """Return the text with what quoted-printable left in it decoded; the text itself if it has none."""
    if "=" not in text or not _IS_QUOTED.search(text):
        return text
    return quoted_bytes(_SOFT_BREAK.sub("", text))


def quoted_bytes(text: str) -> str:
    """Decode each run of `=C3=A0`: as UTF-8 if it can be, else as Western European."""
    return _QUOTED.sub(_decoded, text)


def _decoded(run: re.Match[str]) -> str:
    data = bytes.fromhex(run[0].replace("=", ""))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
