"""Values that are none: what a spreadsheet program shows in place of one, and text that lost letters. Pure."""

import re

from config.texts import _

# Excel, LibreOffice, Google Sheets and Numbers, in any language: `#SPILL!`, `#CAMPO!`, `#NAME?`, `#DIV/0!`, `#N/A`.
# What people write with a `#` (a number, a hashtag) has another form.
_ERROR = re.compile(
    r"#[¡¿]?[^\W\d_a-z]{3,}(?:[_/ ][^\W_a-z]+)*[!?]"
    r"|#N[/.]?[AD][./]?(?: N[/.]?[AD]\.?)?|#N/x|#NV"
    r"|#(?:GETTING|RECUPERO|ESTRAZIONE|CARICAMENTO|ACQUISIZIONE|LETTURA)_DAT[AI](?:_[A-Z_]+)?"
    r"|#N/A Requesting Data\.*"
    r"|(?i:err(?:ore)?: ?\d{3})"
)
_WITHIN = re.compile(  # of a text: `€ #N/D`, `#RIF!A2`
    r"(?<![\w#&])#(?:(?:RIF|REF|VALORE|VALUE|NOME|NAME|NUM|NULLO|NULL|ERRORE|ERROR)[!?]|DIV/0!?|N/[AD]!?)(?![\w/])"
    r"|(?<![\w#&])#(?:RIF|REF)!"
)
_TOO_NARROW = re.compile(r"#{3,}")
_NOT_YET = re.compile(
    r"#?(?:in )?(?:loading|calculating|fetching|caricamento|calcolo|recupero|aggiornamento)"
    r"(?: (?:in corso|data|dati|dei dati))* ?(?:\.{2,}|…)",
    re.IGNORECASE,
)
_FORMULA = re.compile(  # begins with a reference, a function or a number: `=Nome` may be a text
    r"(?:[-+]\$?[a-z]{1,2}\$?[0-9]{1,6}[-+*/]\$?[a-z0-9]|@[a-z.]+\().*"
    r"|=[-+( ]*(?:'|\$?[a-z]{1,3}\$?[0-9]|[a-zà-ù_][\w.]*[(!]|[0-9\"“{@]).*",
    re.DOTALL | re.IGNORECASE,
)
# UTF-8 that was read as Windows (`SocietÃ `, `dellâ€™anno`), Macintosh (`Societ√†`) or DOS text.
_AFTER = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_MISREAD = re.compile(rf"[ÃÂ][{_AFTER}]|â[€‚][{_AFTER}]?|[a-z]Ã(?!\w)|[^\W\d_][√├]|‚Ä[ôúùì¶îï]|‚Ç¨|ÔÇ¼")
_SHORTENED = re.compile(r"\d[,.]\d+E\+\d+")
_NO_VALUE = re.compile(r"NULL|null|\(null\)|<null>|\\N|NaN|nan|None|undefined|\[object Object\]")
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{2,5}|#x[0-9a-f]{2,5});", re.IGNORECASE)
_KEPT_AS_TEXT = re.compile(r"'[-+]?\d[\d.,/]*")
_MAX_SHOWN = 60  # characters of a formula
_LOST = "\ufffd"


def problem_of(value: str) -> str | None:
    """Return why a cell can't be sent unchanged, with the remedy, or None."""
    if value.startswith(("#", "E", "e")) and _ERROR.fullmatch(value):
        return _("holds the error {error} of a formula: correct it").format(error=value)
    if "#" in value and (within := _WITHIN.search(value)):
        return _("holds the error {error} of a formula: correct it").format(error=within[0])
    if _TOO_NARROW.fullmatch(value):
        return _(
            "holds {value}, which stands where a column is too narrow: widen the column and save again"
        ).format(value=value)
    if _NOT_YET.fullmatch(value):
        return _("holds {value}, and not yet its value: wait until it is there, and save again").format(
            value=value
        )
    if _FORMULA.fullmatch(value):
        return _(
            "holds the formula {formula}, not its result: paste the column as values and save again"
        ).format(formula=value[:_MAX_SHOWN])
    if not value.isascii() and _MISREAD.search(value):
        return _(
            "holds {value}, whose accents another program has misread: "
            "export the data again as UTF-8, or correct them"
        ).format(value=value[:_MAX_SHOWN])
    if _LOST in value:
        return _("holds the mark � in place of a letter that was lost: write it again")
    return None


def doubt_of(value: str) -> str | None:
    """Return what a person should look at in a cell before it is sent, or None."""
    if _SHORTENED.fullmatch(value):
        return _("holds {number}, a long number that Excel has shortened: format it as text").format(
            number=value
        )
    if _NO_VALUE.fullmatch(value):
        return _(
            "holds {value}, which programs write where there is no value: look whether it is meant"
        ).format(value=value)
    if "&" in value and (found := _ENTITY.search(value)):
        return _("holds {value}, which the recipient sees so: write the letter itself").format(value=found[0])
    if value.startswith("'") and _KEPT_AS_TEXT.fullmatch(value):
        return _("holds {value} with its apostrophe, which the recipient sees: remove it").format(value=value)
    return None
