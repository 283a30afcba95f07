"""Imports of libraries without what they would import beside it, wherever that is installed.

structlog can show tracebacks by rich and redis-py can count for OpenTelemetry, which no worker asks them to do.
"""

import sys
from collections.abc import Iterable
from importlib import import_module
from types import ModuleType


def import_without(extras: Iterable[str], library: str) -> None:
    """Import a library as if these packages were not installed. Afterwards they can be imported as usual."""
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]  # None: not installed
    hidden = [one for one in extras if one not in modules]
    modules.update(dict.fromkeys(hidden))
    try:
        import_module(library)
    finally:
        for one in hidden:
            del modules[one]
