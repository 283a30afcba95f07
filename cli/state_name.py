"""A state as people name it on the command line: in English, or in Italian whatever LANG says."""

from typing import Any

import click
from click.shell_completion import CompletionItem

from cli.language import in_italian, translated
from config.texts import _
from pec.names import State

Param = click.Parameter | None


class StateName(click.ParamType):  # type: ignore[type-arg]  # generic in the newest click alone
    """`undelivered`, `non consegnata`, `non-consegnato`, …"""

    name = "state"

    def convert(self, value: Any, param: Param, ctx: click.Context | None) -> State:
        """Return the state, or fail with the names that there are."""
        found = state_named(str(value))
        if found is None:
            names = ", ".join(translated(state) for state in State)
            self.fail(
                _("{value} is no state: name one of {names}").format(value=value, names=names), param, ctx
            )
        return found

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the names in the reader's language, spaces as hyphens."""
        names = (translated(state).replace(" ", "-") for state in State)
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def state_named(name: str) -> State | None:
    """Return the state of this English or Italian name, or None."""
    known = {_folded(one): state for state in State for one in (str(state), in_italian(state))}
    return known.get(_folded(name))


def _folded(name: str) -> str:
    """Return the same text for names that differ only in case, gender, number, or in what separates the words."""
    words = " ".join(name.casefold().replace("-", " ").replace("_", " ").split())
    return words[:-1] if words[-1:] in ("a", "o", "e", "i") else words


states_option = click.option(
    "--state", "states", multiple=True, type=StateName(), metavar="STATE", help="Repeat for several."
)
