"""The names of accounts and endpoints as types of options, so that Tab offers those of the settings."""

from collections.abc import Callable

import click
from click.shell_completion import CompletionItem
from click.types import StringParamType


class ConfiguredName(StringParamType):
    """A name that may be among the settings'; any text is taken, because another machine may serve it."""

    def __init__(self, configured: Callable[[], list[str]]) -> None:
        self._configured = configured

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(name) for name in self._configured() if name.startswith(incomplete)]


# Settings are read when Tab asks: importing them would slow down every command.


def _accounts() -> list[str]:
    from config.settings import load_settings

    return list(load_settings().accounts)


def _endpoints() -> list[str]:
    from config.settings import load_settings

    return [endpoint.name for endpoint in load_settings().webhooks.endpoints]


ACCOUNT = ConfiguredName(_accounts)
ENDPOINT = ConfiguredName(_endpoints)
