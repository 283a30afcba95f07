"""Commands that a remedy names, as the buttons that do the same in the console. Pure."""

import re

from config.texts import Text, _

_BUTTONS: tuple[tuple[re.Pattern[str], Text], ...] = (
    (re.compile(r"pec resume --endpoint \S+"), _("Try now")),
    (re.compile(r"pec resume [^-\s]\S*"), _("Resume")),
    (re.compile(r"pec resend \S+"), _("Send again")),
    (re.compile(r"pec discard \S+"), _("Give up")),
    (re.compile(r"pec replay --endpoint \S+ --dead"), _("Deliver again")),
)


def button_of(command: str) -> Text | None:
    """Return the name of the button, or None for a command that only a terminal has."""
    return next((name for pattern, name in _BUTTONS if pattern.fullmatch(command)), None)
