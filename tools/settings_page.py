"""The page of all settings, `docs/settings.md`: `python -m tools.settings_page > docs/settings.md`."""

import sys
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import AwareDatetime, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from config.settings import Endpoint, Settings
from config.sources import variables

INTRODUCTION = """\
# Settings

Generated from `config/settings.py` and `config/sections/` by `make docs`; change it there.

- Each setting is an environment variable. The name or the meaning of a duration gives its unit.
- `NAME_FILE` names a file that contains the value of `NAME`. Use it for **secrets** in containers. A variable and its
  `_FILE` can't both be set. `pec.toml` has no such names.
- The same settings can be in `pec.toml` in the working directory, or in the file that `PEC_CONFIG` names; the
  environment wins. There `PEC_API__RATE` is `rate` in the table `[api]`, and `PEC_ACCOUNTS__ACME__SENDER` is `sender`
  in `[accounts.acme]`.
- A file is UTF-8, or UTF-16 with a byte order mark. UTF-8 may have a mark too, as Notepad and PowerShell write it.
- `<NAME>` is the name of an account, or of a [site](scale.md#several-sites); jobs and commands write it in lower case.
- An empty variable counts as not set. An unknown variable that begins with `PEC_` is an error, except `PEC_CONFIG` and
  the sandbox's own `PEC_SANDBOX_…`.
"""
ENDPOINTS = """\
## An endpoint

An endpoint is an object in the list `PEC_WEBHOOKS__ENDPOINTS`, or a table `[[webhooks.endpoints]]` in `pec.toml`.
"""
HEADER = "| {} | value | default | bounds | meaning |\n|---|---|---|---|---|\n"
KINDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    AwareDatetime: "instant",
    date: "day",
    SecretStr: "**secret**",
    Endpoint: "object",
}
BOUNDS = {Gt: "more than {}", Ge: "{} or more", Lt: "less than {}", Le: "{} at most"}


def reference() -> str:
    """Return the whole page, in Markdown."""
    settings = "".join(_row(name, field) for name, field in variables(Settings))
    endpoint = "".join(_row(name.lower(), field) for name, field in variables(Endpoint, ""))
    return "\n".join(
        [INTRODUCTION, HEADER.format("variable") + settings, ENDPOINTS, HEADER.format("key") + endpoint]
    )


def _row(name: str, field: FieldInfo) -> str:
    cells = [
        f"`{name}`",
        _kind(field.annotation),
        _default(field),
        "; ".join(_bounds(field)),
        field.description,
    ]
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "text"
    if get_origin(annotation) is list:
        return f"JSON list of {_kind(get_args(annotation)[0])}s"
    if get_args(annotation):
        return _kind(get_args(annotation)[0])  # X | None, or Annotated[X, …]
    return KINDS[annotation]


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value not in (None, "", []) else "–"


def _bounds(field: FieldInfo) -> Iterator[str]:
    if get_origin(field.annotation) is Literal:
        yield ", ".join(f"`{one}`" for one in get_args(field.annotation))
    for bound in field.metadata:
        if type(bound) in BOUNDS:
            yield BOUNDS[type(bound)].format(getattr(bound, type(bound).__name__.lower()))
        elif isinstance(bound, MinLen):
            yield f"{bound.min_length} or more of them"
        elif pattern := getattr(bound, "pattern", None):
            yield f"`{pattern}`"
    for item in get_args(field.annotation) if get_origin(field.annotation) is list else ():
        yield from (f"each {bound}" for bound in _bounds(FieldInfo.from_annotation(item)))


if __name__ == "__main__":
    sys.stdout.write(reference())
