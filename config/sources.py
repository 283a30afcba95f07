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

from config.foreign_words import system_words
from config.renamed import RENAMED
from config.text_files import MARK, read_text
from config.texts import Text, _, joined

PREFIX = "PEC_"

_NOT_SETTINGS = re.compile(
    r"pec_config"
    r"|pec_sandbox_.*"  # the sandbox reads its own
    r"|pec_.*(service_host|service_port.*|port_\d+_.*)"  # Kubernetes sets these beside a service named pec…
)
_KUBERNETES_PORT = ("tcp://", "udp://")  # and PEC_PORT to such an address


_KINDS: dict[str, Text] = {
    "float_parsing": _("must be a number"),
    "float_type": _("must be a number"),
    "finite_number": _("must be a finite number"),
    "int_parsing": _("must be a whole number"),
    "int_from_float": _("must be a whole number"),
    "int_type": _("must be a whole number"),
    "bool_parsing": _("must be true or false"),
    "bool_type": _("must be true or false"),
    "string_type": _("must be a string"),
    "list_type": _("must be a list"),
    "dict_type": _("must be a JSON object"),
    "model_type": _("must be a JSON object"),
    "greater_than": _("must be greater than {gt}"),
    "greater_than_equal": _("must be {ge} or more"),
    "less_than": _("must be less than {lt}"),
    "less_than_equal": _("must be {le} or less"),
    "literal_error": _("must be one of {expected}"),
    "string_pattern_mismatch": _("must match the pattern {pattern}"),
}


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
            raise ValueError(
                _("{name}: must be JSON ({why}): correct it").format(name=name.upper(), why=error)
            ) from None

    def _load_env_vars(self) -> dict[str, str | None]:
        values = {_unmarked(name): _unmarked(value) for name, value in super()._load_env_vars().items()}
        for file_name in [one for one in values if one.startswith(PREFIX.lower()) and one.endswith("_file")]:
            name, path = file_name.removesuffix("_file"), values.pop(file_name)
            if name in values:
                raise SettingsError(
                    _("{name} and {file} are both set: keep one").format(
                        name=name.upper(), file=file_name.upper()
                    )
                )
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

    Names of accounts and sites are lower-cased, as in the environment, so that a secret there joins the rest here.
    """
    named = os.environ.get("PEC_CONFIG")
    path = Path(named or "pec.toml")
    try:
        values = tomllib.loads(read_text(path))
    except FileNotFoundError:
        if named:
            raise SettingsError(
                _("PEC_CONFIG: there is no file {path}: name one, or unset it").format(path=named)
            ) from None
        return {}
    except OSError as error:
        raise SettingsError(
            _("{path}: can't be read ({why}): make it readable").format(path=path, why=system_words(error))
        ) from None
    except ValueError as error:  # its messages quote a character at most
        raise SettingsError(
            _("{path}: is not TOML ({why}): correct it").format(path=path, why=error)
        ) from None
    for named_by_people in ("accounts", "sites"):
        if isinstance(found := values.get(named_by_people), dict):
            values[named_by_people] = {name.lower(): one for name, one in found.items()}
    return values


def variables(model: type[BaseModel], prefix: str = PREFIX) -> Iterator[tuple[str, FieldInfo]]:
    """Yield each setting of a model with its variable; `<NAME>` stands for the name of an account or site."""
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
    return SettingsError(joined("\n", [_line(one, known) for one in error.errors(include_input=False)]))


def _line(problem: ErrorDetails, known: list[str]) -> str:
    name = _variable(problem["loc"])
    if problem["type"] == "extra_forbidden" and name.endswith("_FILE") and "[" not in name:
        return _(
            "{name}: works in the environment only: set it there, or write the value itself into pec.toml"
        ).format(name=name)
    if problem["type"] == "extra_forbidden" and name in RENAMED:
        return _("{name}: is called {new} now: set that one instead").format(name=name, new=RENAMED[name])
    if problem["type"] == "extra_forbidden":
        return _("{name}: there is no such setting{hint}").format(name=name, hint=_nearest(name, known))
    if problem["type"].startswith(("datetime", "timezone")):
        return _("{name}: is not an RFC 3339 instant such as 2026-11-23T09:30:00+01:00").format(name=name)
    if problem["type"].startswith("date_"):
        return _("{name}: is not a day such as 2027-02-28").format(name=name)
    if problem["type"] == "missing":
        return _("{name}: is missing: set it").format(name=name)
    return joined(": ", (name, _words(problem)))


def _words(problem: ErrorDetails) -> str:
    """Return what is wrong with a value: a validator's text, or ours for pydantic's kind of error."""
    stated = problem.get("ctx", {})
    if problem["type"] == "value_error":
        return str(stated["error"])
    text = _KINDS.get(problem["type"])
    shown = {name: f"{value:g}" if isinstance(value, float) else value for name, value in stated.items()}
    if problem["type"] == "literal_error":
        shown["expected"] = str(shown["expected"]).replace(" or ", ", ")
    return text.format(**shown) if text else problem["msg"]


def _variable(place: tuple[int | str, ...]) -> str:
    """Return a variable: `("webhooks", "endpoints", 0, "url")` → `PEC_WEBHOOKS__ENDPOINTS[0].url`, as a list is one."""
    in_list = next((depth for depth, part in enumerate(place) if isinstance(part, int)), len(place))
    name = PREFIX + "__".join(str(part) for part in place[:in_list]).upper() if place else "settings"
    return name + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place[in_list:])


def _nearest(name: str, known: list[str]) -> str:
    owner = re.match(r"PEC_(?:ACCOUNTS|SITES)__(.+?)__", name)
    candidates = [one.replace("<NAME>", owner[1]) for one in known] if owner else known
    nearest = get_close_matches(name, candidates, n=1, cutoff=0.75)
    return (
        _(": did you mean {name}?").format(name=nearest[0])
        if nearest and "[" not in name
        else _(": see `pec config`")
    )


def _read_secret(name: str, path: str) -> str:
    try:
        value = read_text(Path(path)).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = system_words(error) if isinstance(error, OSError) else _("not UTF-8 text")
        raise SettingsError(
            _("{name}: can't read {path} ({why}): name a readable file").format(
                name=name, path=path, why=reason
            )
        ) from None
    if not value:
        raise SettingsError(
            _("{name}: {path} is empty: write the value into it").format(name=name, path=path)
        )
    return value


def _unmarked(text: Any) -> Any:
    """Return names and values without a byte order mark: an env file from Notepad or `$(cat FILE)` may bring one."""
    return text.removeprefix(MARK) if isinstance(text, str) else text
