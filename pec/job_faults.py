"""The faults that pydantic finds in a job, as problems of ours: each with its field, a stable code and words."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from pec.problems import CODES, Problem, problem

_MAX_DETAILS = 100  # of a job's faults: more are of no help, and words for 100,000 hold up a thread
_LONGEST_PLACE = 128
_CREDENTIALS = frozenset({"username", "password", "token", "x-username", "x-password", "authorization"})
_UNIONS = {"recipient": "not_addresses", "body": "not_a_body"}
_FORMS = {
    "id": "not_an_id",
    "batch": "not_an_id",
    "account": "not_an_account",
    "sha256": "not_a_sha256",
}
_OTHER_TYPES = frozenset({"not_a_string", "not_a_list", "not_an_object"})
_OF_PYDANTIC = {
    "string_type": "not_a_string",
    "string_unicode": "half_character",
    "recursion_depth_exceeded": "nested_too_deeply",
    "int_type": "not_a_whole_number",
    "bool_type": "not_a_boolean",
    "dict_type": "not_an_object",
    "model_type": "not_an_object",
    "model_attributes_type": "not_an_object",
    "list_type": "not_a_list",
    "tuple_type": "not_a_list",
    "literal_error": "other_value",
    "string_too_long": "string_too_long",
    "string_too_short": "empty",
    "too_long": "too_many_entries",
    "too_short": "empty",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_great",
    "timezone_aware": "no_offset",
    "datetime_from_date_parsing": "not_an_instant",
    "datetime_parsing": "not_an_instant",
    "datetime_type": "not_an_instant",
    "missing": "missing_field",
    "string_pattern_mismatch": "other_form",
}
_SHOWN_DETAILS = frozenset({"expected", "max_length", "ge", "le", "max_bytes"})  # of what validators state
Models = Mapping[str, type[BaseModel]]  # by the types of jobs


def problems_of(error: ValidationError, job_type: str, models: Models) -> list[Problem]:
    """Return the problems of a job that is not valid."""
    details = error.errors(include_input=False, include_url=False)[:_MAX_DETAILS]
    return _without_echoes([_problem(detail, job_type, models) for detail in details])


def repeated_fields(names: Sequence[str]) -> list[Problem]:
    """Return a problem for each name that stands twice in one object."""
    return [problem(_shown(name), "repeated_field") for name in names[:_MAX_DETAILS]]


def _problem(detail: Any, job_type: str, models: Models) -> Problem:
    kind, path = detail["type"], _path(detail["loc"])
    name = ".".join(path)[:_LONGEST_PLACE] or "job"
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return problem("type", "unknown_type", names=", ".join(models))
    if kind == "extra_forbidden":
        return _stray(name, str(detail["loc"][-1]), job_type, models, nested=len(path) > 1)
    if kind == "string_pattern_mismatch" and path[-1] in _FORMS:
        return problem(name, _FORMS[path[-1]])
    code = kind if kind in CODES else _OF_PYDANTIC.get(kind)
    if code is None:
        return Problem(name, detail["msg"][:1].lower() + detail["msg"][1:], "other_fault")
    known = {key: value for key, value in detail.get("ctx", {}).items() if key in _SHOWN_DETAILS}
    return problem(detail.get("ctx", {}).get("field", name), code, **known)


def _path(location: tuple[int | str, ...]) -> list[str]:
    """Return the path without the names that pydantic gives to the branches of a union."""
    names = [
        str(part) for part in location[1:] if isinstance(part, int) or re.fullmatch(r"[a-z0-9_]{1,64}", part)
    ]
    return [name for name in names if name != "str"]


def _stray(name: str, last: str, job_type: str, models: Models, *, nested: bool) -> Problem:
    if last.lower() in _CREDENTIALS:
        return problem(last if len(last) <= 64 else "job", "credentials_in_job")
    if nested:
        return problem(name[:64], "stray_field")
    if near := get_close_matches(last[:64], list(models[job_type].model_fields), n=1):
        return problem(_shown(last), "misspelt_field", type=job_type, near=near[0])
    return problem(_shown(last), "unknown_field", type=job_type)


def _shown(name: str) -> str:
    """Return the name of a field that the producer made up, in a form that can be printed."""
    return "".join(character if character.isprintable() else "\ufffd" for character in name[:64]) or "job"


def _without_echoes(problems: list[Problem]) -> list[Problem]:
    """Return the problems inside a branch of a union rather than those that say "not the other branch"."""
    said: dict[str, Problem] = {}
    for one in problems:
        top = one.field.split(".")[0]
        if one.code in _OTHER_TYPES and one.field in _UNIONS:
            said.setdefault(one.field, problem(top, _UNIONS[top]))
        else:
            if top in said and said[top].code == _UNIONS.get(top):
                del said[top]
            said.setdefault(one.field, one)
    return list(said.values())
