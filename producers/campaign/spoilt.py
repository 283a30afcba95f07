"""Values that are none: what a spreadsheet program shows in place of one, and text that lost letters. Pure."""

import re

# Excel, LibreOffice, Google Sheets and Numbers, in any language: `#SPILL!`, `#CAMPO!`, `#NAME?`, `#DIV/0!`, `#N/A`.
# What people write with a `#` (a number, a hashtag) has another form.
_ERROR = re.compile(
    r"#[¡¿]?[^\W\d_a-z]{3,}(?:[_/ ][^\W_a-z]+)*[!?]"
    r"|#N[/.]?[AD][./]?(?: N[/.]?[AD]\.?)?|#N/x|#NV"
    r"|#(?:GETTING|RECUPERO|ESTRAZIONE|CARICAMENTO|ACQUISIZIONE|LETTURA)_DAT[AI](?:_[A-Z_]+)?"
    r"|#N/A Requesting Data\.*"
    r"|(?i:err(?:ore)?: ?\d{3})"
)
_TOO_NARROW = re.compile(r"#{3,}")
_NOT_YET = re.compile(
    r"#?(?:loading|calculating|fetching|caricamento|calcolo|recupero|aggiornamento)"
    r"(?: (?:in corso|data|dati|dei dati))* ?(?:\.{2,}|…)",
    re.IGNORECASE,
)
_FORMULA = re.compile(  # begins with a reference, a function or a number: `=Nome` may be a text
    r"=[-+( ]*(?:'|\$?[a-z]{1,3}\$?[0-9]|[a-zà-ù_][\w.]*[(!]|[0-9\"“{@]).*", re.DOTALL | re.IGNORECASE
)
_MOST_SHOWN = 60  # characters of a formula
_LOST = "\ufffd"


def problem_of(value: str) -> str | None:
    """Return why a cell can't be sent as it is, with the remedy, or None."""
    if value.startswith(("#", "E", "e")) and _ERROR.fullmatch(value):
        return f"holds the error {value} of a formula: correct it"
    if _TOO_NARROW.fullmatch(value):
        return f"holds {value}, which stands where a column is too narrow: widen the column and save again"
    if _NOT_YET.fullmatch(value):
        return f"holds {value}, and not yet its value: wait until it is there, and save again"
    if _FORMULA.fullmatch(value):
        return f"holds the formula {value[:_MOST_SHOWN]}, not its result: paste the column as values and save again"
    if _LOST in value:
        return "holds the mark � in place of a letter that was lost: write it again"
    return None
