"""The sources of settings, the environment and `pec.toml`, and the explanation of their faults to people.

Knows nothing of the settings themselves: the model is an argument.
"""

import os
import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource

from config.renamed import RENAMED
from config.text_files import MARK, read_text

PREFIX = "PEC_"

_NOT_SETTINGS = re.compile(
    r"pec_config"
    r"|pec_sandbox_.*"  # the sandbox reads its own
    r"|pec_.*(service_host|service_port.*|port_\d+_.*)"  # Kubernetes sets these beside a service named pec…
)
_KUBERNETES_PORT = ("tcp://", "udp://")  # and PEC_PORT to such an address


class SettingsError(Exception):
    """The settings can't be used. The message has a line for each: its name, what is wrong, what to do."""


class Environment(EnvSettingsSource):
    """The environment, without empty values. NAME_FILE names a file that contains the value of NAME.

    A variable that looks like a setting and is none is passed on as a field, so that the model refuses it.
    """

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True)

    def __call__(self) -> dict[str, Any]:
        try:
            return {**dict.fromkeys(self._unknown()), **super().__call__()}
        except (
            ValueError
        ) as error:  # the library says which section; its cause, from below, says which variable
            raise SettingsError(str(error.__cause__)) from None

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """Return the value of JSON. Raise ValueError, which the library ignores if plain text is allowed."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError as error:
            name = next(name for name, held in self.env_vars.items() if held is value)
            raise ValueError(f"{name.upper()}: must be JSON ({error}): correct it") from None

    def _load_env_vars(self) -> dict[str, str | None]:
        values = {_unmarked(name): _unmarked(value) for name, value in super()._load_env_vars().items()}
        for file_name in [one for one in values if one.startswith(PREFIX.lower()) and one.endswith("_file")]:
            name, path = file_name.removesuffix("_file"), values.pop(file_name)
            if name in values:
                raise SettingsError(f"{name.upper()} and {file_name.upper()} are both set: keep one")
            values[name] = _read_secret(file_name.upper(), path or "")
        return values

    def _unknown(self) -> Iterator[str]:
        for name, value in self.env_vars.items():
            field = name.removeprefix(PREFIX.lower())
            if field == name or _NOT_SETTINGS.fullmatch(name) or str(value).startswith(_KUBERNETES_PORT):
                continue
            if field.split("__")[0] not in self.settings_cls.model_fields:
                yield field


def read_toml() -> dict[str, Any]:
    """Return the contents of `pec.toml`, or of the file that PEC_CONFIG names. Raise SettingsError.

    Account names are lower-cased, as in the environment, so that a secret there joins the rest here.
    """
    named = os.environ.get("PEC_CONFIG")
    path = Path(named or "pec.toml")
    try:
        values = tomllib.loads(read_text(path))
    except FileNotFoundError:
        if named:
            raise SettingsError(f"PEC_CONFIG: there is no file {named}: name one, or unset it") from None
        return {}
    except OSError as error:
        raise SettingsError(f"{path}: can't be read ({error.strerror}): make it readable") from None
    except ValueError as error:  # its messages quote a character at most
        raise SettingsError(f"{path}: is not TOML ({error}): correct it") from None
    if isinstance(values.get("accounts"), dict):
        values["accounts"] = {name.lower(): account for name, account in values["accounts"].items()}
    return values


def variables(model: type[BaseModel], prefix: str = PREFIX) -> Iterator[tuple[str, FieldInfo]]:
    """Yield each single setting of a model with its environment variable; `<NAME>` stands for an account's name."""
    for field_name, field in model.model_fields.items():
        name = prefix + field_name.upper()
        if get_origin(field.annotation) is dict:
            yield from variables(get_args(field.annotation)[1], f"{name}__<NAME>__")
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from variables(field.annotation, f"{name}__")
        else:
            yield name, field


def explain(error: ValidationError, model: type[BaseModel]) -> SettingsError:
    """Return one line for each fault: the variable's name and what is wrong with it, never its value."""
    known = [name for name, _ in variables(model)]
    return SettingsError("\n".join(_line(problem, known) for problem in error.errors(include_input=False)))


def _line(problem: ErrorDetails, known: list[str]) -> str:
    name = _variable(problem["loc"])
    if problem["type"] == "extra_forbidden" and name.endswith("_FILE") and "[" not in name:
        return f"{name}: works in the environment only: set it there, or write the value itself into pec.toml"
    if problem["type"] == "extra_forbidden" and name in RENAMED:
        return f"{name}: is called {RENAMED[name]} now: set that one instead"
    if problem["type"] == "extra_forbidden":
        return f"{name}: there is no such setting{_nearest(name, known)}"
    if problem["type"].startswith(("datetime", "timezone")):
        return f"{name}: is not an RFC 3339 instant such as 2026-11-23T09:30:00+01:00"
    if problem["type"].startswith("date_"):
        return f"{name}: is not a day such as 2027-02-28"
    if problem["type"] == "missing":
        return f"{name}: is missing: set it"
    return f"{name}: {problem['msg'].removeprefix('Value error, ')}"


def _variable(place: tuple[int | str, ...]) -> str:
    """Return a variable: `("webhooks", "endpoints", 0, "url")` → `PEC_WEBHOOKS__ENDPOINTS[0].url`, as a list is one."""
    in_list = next((depth for depth, part in enumerate(place) if isinstance(part, int)), len(place))
    name = PREFIX + "__".join(str(part) for part in place[:in_list]).upper() if place else "settings"
    return name + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place[in_list:])


def _nearest(name: str, known: list[str]) -> str:
    owner = re.match(r"PEC_ACCOUNTS__(.+?)__", name)
    candidates = [one.replace("<NAME>", owner[1]) for one in known] if owner else known
    nearest = get_close_matches(name, candidates, n=1, cutoff=0.75)
    return f": did you mean {nearest[0]}?" if nearest and "[" not in name else ": see `pec config`"


def _read_secret(name: str, path: str) -> str:
    try:
        value = read_text(Path(path)).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise SettingsError(f"{name}: can't read {path} ({reason}): name a readable file") from None
    if not value:
        raise SettingsError(f"{name}: {path} is empty: write the value into it")
    return value


def _unmarked(text: Any) -> Any:
    """Return names and values without a byte order mark: an env file from Notepad or `$(cat FILE)` may bring one."""
    return text.removeprefix(MARK) if isinstance(text, str) else text
