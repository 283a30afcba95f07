"""The options after the `?` of a Redis URL: which ones there are, and what is wrong with those that are given."""

import re
from collections.abc import Callable
from difflib import get_close_matches
from urllib.parse import parse_qsl

from config.texts import Text, _

_NAME = re.compile(r"[a-z][a-z_]{1,40}")  # what else stands there may be the rest of a password
_SWITCH = ("true", "false", "True", "False", "yes", "no", "1", "0")

Check = Callable[[str], Text | str]


def _text(value: str) -> str:
    return ""


def _number(value: str) -> Text | str:
    return "" if value.isascii() and value.isdigit() else _("a number, such as 0")


def _one_of(*known: str) -> Check:
    return lambda value: "" if value in known else ", ".join(known)


_LOGIN: dict[str, Check] = {"db": _number, "username": _text, "password": _text}
_SENTINEL: dict[str, Check] = {"sentinel_username": _text, "sentinel_password": _text}
_TLS: dict[str, Check] = {
    "ssl_ca_certs": _text,
    "ssl_ca_path": _text,
    "ssl_certfile": _text,
    "ssl_keyfile": _text,
    "ssl_password": _text,
    "ssl_cert_reqs": _one_of("required", "optional", "none"),
    "ssl_check_hostname": _one_of(*_SWITCH),
}


def problem_of_options(scheme: str, query: str) -> str | None:
    """Return what is wrong with the options, with the remedy, or None. A value is never quoted."""
    known = (_SENTINEL if scheme.endswith("+sentinel") else _LOGIN) | (
        _TLS if scheme.startswith("rediss") else {}
    )
    seen: set[str] = set()
    for name, value in parse_qsl(query, keep_blank_values=True):
        if problem := _problem(name, value, known) or (name in seen and _twice(name)):
            return problem
        seen.add(name)
    return None


def _problem(name: str, value: str, known: dict[str, Check]) -> str | None:
    if not _NAME.fullmatch(name):
        return _("has an option that is none: write options as name=value, and %26 for & in a password")
    if name not in known:
        return _unknown(name, known)
    if not value:
        return _("the option {name} is empty: give it a value, or leave it out").format(name=name)
    if wanted := known[name](value):
        return _("the option {name} must be {wanted}").format(name=name, wanted=wanted)
    return None


def _unknown(name: str, known: dict[str, Check]) -> str:
    if name in _TLS:
        return _("the option {name} needs an encrypted connection: write rediss:// in front").format(
            name=name
        )
    if alike := get_close_matches(name, known, 1):
        return _("the option {name} is unknown: write {other}").format(name=name, other=alike[0])
    return _("the option {name} is unknown: leave it out, or use one of {names}").format(
        name=name, names=", ".join(known)
    )


def _twice(name: str) -> str:
    return _("the option {name} stands there twice: keep one of them").format(name=name)
