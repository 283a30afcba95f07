"""Imports of libraries without what they would import beside it, wherever that is installed.

structlog can show tracebacks by rich, redis-py can count for OpenTelemetry, and requests can guess a text's encoding.
No worker asks them to do so.
"""

import sys
import warnings
from collections.abc import Iterable
from importlib import import_module
from types import ModuleType


def import_without(extras: Iterable[str], library: str) -> None:
    """Import a library as if these packages were not installed. Afterwards they can be imported as usual."""
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]  # None: not installed
    hidden = [one for one in extras if one not in modules]
    modules.update(dict.fromkeys(hidden))
    try:
        with warnings.catch_warnings(action="ignore"):  # requests warns that it can't guess encodings
            import_module(library)
    finally:
        for one in hidden:
            del modules[one]
