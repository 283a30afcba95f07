"""The check of `pec doctor` on the version of a Redis server, of messages or of Dramatiq's queues."""

from collections.abc import Mapping
from typing import Any

from config.texts import _
from pec.operations.status.findings import Finding, Mark

_OLDEST_VERSION = (7, 0)  # before it, no script could state that it may write at maxmemory


def version(info: Mapping[str, Any]) -> Finding:
    """Return whether the server is new enough. Valkey states a version of Redis, beside its own."""
    running, valkey = str(info["redis_version"]), str(info.get("valkey_version", ""))
    numbers = tuple(int(part) for part in running.split(".")[:2])
    shown = f"Valkey {valkey}" if valkey else f"Redis {running}"
    if numbers < _OLDEST_VERSION:
        return Finding(
            Mark.FAIL,
            _("the server is {version}").format(version=shown),
            _("run Redis 7 or later, or Valkey"),
        )
    return Finding(Mark.OK, _("the server is {version}").format(version=shown))
