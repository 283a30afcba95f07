"""Show a value under a format, as one reads it in a letter: without the room left for alignment."""

import re
from decimal import Decimal

from producers.campaigns.spreadsheet.number_format.decimals import decimal_of
from producers.campaigns.spreadsheet.number_format.errors import Unshown
from producers.campaigns.spreadsheet.number_format.general import general
from producers.campaigns.spreadsheet.number_format.instants import Moment
from producers.campaigns.spreadsheet.number_format.places import GAP
from producers.campaigns.spreadsheet.number_format.sections import format_of, plain
from producers.campaigns.spreadsheet.number_format.tokens import Kind

GENERAL = "General"
_ZERO = Decimal(0)
# Room becomes a space between two words, and nothing at an end or after a sign.
_NO_GAP = re.compile(rf"^{GAP}+|{GAP}+$|(?<=[-+( {GAP}]){GAP}+|{GAP}+(?=[ %),])|(?<=^-){GAP}+")


def show_number(value: float, code: str = GENERAL, *, since_1904: bool = False) -> str:
    """Return the number as text. Raise Unshown if the format is unknown, or a sheet shows ##### instead."""
    number = decimal_of(value)
    if code == GENERAL:
        return ("-" if number < 0 else "") + general(abs(number))
    section, signed = format_of(code).section(number)
    if isinstance(section.shape, Moment):
        return _tidy(section.shape.show(number, since_1904=since_1904))
    if section.shape is None:
        if signed and not section.general:
            raise Unshown  # programs differ in whether a text alone has the sign
        text = plain(section, abs(number))
    else:
        text = section.shape.show(abs(number))
        signed = signed and text != section.shape.show(_ZERO)  # -0,001 in two decimals is 0,00
    return _tidy("-" + text if signed else text)


def show_text(text: str, code: str = GENERAL) -> str:
    """Return a text as the format shows it. Raise Unshown if the format is unknown."""
    if code == GENERAL or ("@" not in code and ";" not in code):
        return text
    section = format_of(code).text
    if section is None:
        return text
    shown = {Kind.GAP: GAP, Kind.TEXT: text, Kind.GENERAL: text, Kind.COLOUR: "", Kind.LANGUAGE: ""}
    return _tidy("".join(shown.get(token.kind, token.text) for token in section.tokens))


def _tidy(text: str) -> str:
    return _NO_GAP.sub("", text).replace(GAP, " ") if GAP in text else text
