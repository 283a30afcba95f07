"""Findings: the results of a check, with what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """The result of a check."""

    OK = "ok"
    NOTE = "note"  # no fault, but worth knowing; or it could not be looked at
    WARN = "warn"  # it works, and may not for long or not for all
    FAIL = "fail"  # something can be lost, or can't be sent


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `unreachable`: the API can't be reached at all."""

    mark: Mark
    what: str
    remedy: str = ""
    unreachable: bool = False
