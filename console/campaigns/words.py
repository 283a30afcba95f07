"""Sentences that `pec import` says, in the words of the pages: an option of the command is a field of a form here."""

import re

from config.texts import Text, _
from console.campaigns.draft import LETTER
from console.language import translated

_FIELDS: dict[str, Text] = {
    "--to-column": _("Column of recipients"),
    "--id-column": _("Column of your own keys"),
    "--attach-column": _("Columns that name attachments"),
    "--attach": _("Attachments for everyone"),
    "--encoding": _("Encoding"),
    "--subject": _("Subject"),
    "--body": _("Text"),
    "--batch": _("Name of the campaign"),
    "--test-to": _("Your address"),
    "--rows": _("Row"),
    "--allow-empty": _("Also send rows that lack a value"),
    "--skip-invalid": _("Leave refused rows out"),
    "--not-before": _("Start"),
    LETTER: _("Text"),
}
_OPTION = re.compile(r"--again \S+|--[a-z]+(?:-[a-z]+)*(?: '')?|" + re.escape(LETTER))


def in_words(language: str, text: object) -> str:
    """Return a sentence in a language, with the names of fields in place of options."""
    said = str(translated(language, text))
    return _OPTION.sub(lambda found: _named(language, found[0]), said)


def _named(language: str, option: str) -> str:
    name = option.split(" ")[0]
    field = _("Send again") if name == "--again" else _FIELDS.get(name)
    return f"«{translated(language, field)}»" if field else option
