"""A command's help in the reader's language; examples stay as they are typed."""

import re
from copy import copy
from inspect import cleandoc

import click

from cli.language import ENGLISH, gettext, language, translated
from config.texts import _

AS_IT_STANDS = "\b"  # click's mark of a paragraph that is not to be wrapped: the examples
_OF_CLICK = (_("[OPTIONS]"), _("COMMAND [ARGS]..."), _("[COMMAND] [ARGS]..."))  # translated as they are met
_KINDS = {
    "integer": _("whole number"),
    "integer range": _("whole number"),
    "float": _("number"),
    "float range": _("number"),
    "text": _("text"),
}


def in_language(command: click.Command) -> click.Command:
    """Return a translated copy. The command itself stays English, because the next call may use another language."""
    if language() == ENGLISH:
        return command
    spoken = copy(command)
    spoken.help = command.help and translated_help(command.help)
    spoken.options_metavar = command.options_metavar and gettext(command.options_metavar)
    spoken.params = [_spoken(param) for param in command.params]
    if isinstance(spoken, click.Group):
        spoken.subcommand_metavar = gettext(spoken.subcommand_metavar)
        spoken.commands = {name: in_language(one) for name, one in spoken.commands.items()}
    return spoken


def translated_help(text: str) -> str:
    return "\n\n".join(map(_paragraph, paragraphs(text)))


def paragraphs(text: str) -> list[str]:
    """Return a docstring's paragraphs, each on one line; those that must not be wrapped stay unchanged."""
    found = re.split(r"\n\s*\n", cleandoc(text).partition("\f")[0])
    return [one if one.startswith(AS_IT_STANDS) else " ".join(one.split()) for one in found]


def _paragraph(text: str) -> str:
    if text.startswith(AS_IT_STANDS):
        return text
    return gettext(text)


def _spoken(param: click.Parameter) -> click.Parameter:
    spoken = copy(param)
    if spoken.type.name in _KINDS:
        spoken.type = copy(spoken.type)
        spoken.type.name = translated(_KINDS[spoken.type.name])
    if spoken.metavar:
        spoken.metavar = gettext(spoken.metavar)
    if isinstance(spoken, click.Option) and spoken.help:
        spoken.help = gettext(spoken.help)
    return spoken
