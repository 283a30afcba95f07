"""`pec config`: the settings in force, where each came from, and no secret."""

import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, SecretStr

from cli import output
from config.settings import load_settings
from config.sources import PREFIX, read_toml
from config.texts import _

MASK = "********"
_PASSWORD_IN_URL = re.compile(r"(?<=://)[^/?#\s]*(?=@)|(?<=[?&_]password=)[^&#\s]*")
DEFAULT, ENVIRONMENT = "default", "environment"  # beside the name of a file
_SOURCES = {DEFAULT: _("default"), ENVIRONMENT: _("environment")}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting by its variable's name. `source`: environment, the file, or default."""

    name: str
    value: Any
    source: str


@click.command()
@output.as_json
def config(as_json: bool) -> None:
    """Show the settings in force and where each came from. Secrets are masked.

    \b
    pec config
    pec config --json | jq -r 'select(.source != "default") | .name'
    """
    found = list(effective(load_settings(), dict(os.environ), read_toml()))
    if as_json:
        for setting in found:
            output.data(asdict(setting))
    else:
        output.table(
            (_("SETTING"), _("VALUE"), _("FROM")),
            ((one.name, one.value, _SOURCES.get(one.source, one.source)) for one in found),
        )


def effective(settings: BaseModel, environment: dict[str, str], in_file: dict[str, Any]) -> Iterator[Setting]:
    """Yield each single setting."""
    file_name = str(Path(environment.get("PEC_CONFIG") or "pec.toml"))
    for path, value in _leaves(settings, ()):
        name = PREFIX + "__".join(path).upper()
        yield Setting(name, masked(value), _source(path, environment, in_file, file_name))


def masked(value: Any) -> Any:
    """Return a value in the form that may be shown."""
    match value:
        case SecretStr():
            return MASK
        case str():
            return _PASSWORD_IN_URL.sub(MASK, value)
        case list():
            return [masked(one) for one in value]
        case BaseModel():
            return {name: masked(one) for name, one in value}
    return value


def _leaves(section: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in section.items() if isinstance(section, dict) else section:
        if isinstance(value, BaseModel | dict):
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value


def _source(
    path: tuple[str, ...], environment: dict[str, str], in_file: dict[str, Any], file_name: str
) -> str:
    """Return the source of a setting. A whole section can be set too, as JSON in the variable of its name."""
    upper = {name.upper() for name, value in environment.items() if value}
    names = [PREFIX + "__".join(path[:depth]).upper() for depth in range(1, len(path) + 1)]
    if any(name in upper or f"{name}_FILE" in upper for name in names):
        return ENVIRONMENT
    place: Any = in_file
    for part in path:
        place = place.get(part) if isinstance(place, dict) else None
    return DEFAULT if place is None else file_name
