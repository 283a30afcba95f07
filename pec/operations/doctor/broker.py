"""The check of `pec doctor` on Dramatiq's database, which may be on a server of its own."""

from collections.abc import Mapping
from typing import Any

import redis

from config.redis_connection import address, connect
from config.settings import Settings
from config.texts import _
from pec.operations.doctor.versions import version
from pec.operations.status.broker_state import broker_problem
from pec.operations.status.findings import Finding, Mark


def broker_check(settings: Settings) -> Finding:
    """Check that Dramatiq's database is there. It may be that of the messages: its keys have names of their own."""
    if away := broker_problem(settings):
        return away
    with connect(settings.broker) as client:
        return broker(address(client), _info(client))


def broker(where: str, info: Mapping[str, Any] | None) -> Finding:
    """Return whether the server of Dramatiq's queues is new enough. `info`: None if it can't be asked."""
    what = _("Dramatiq's queues are in {address}").format(address=where)
    running = version(info) if info is not None else None
    if running and running.mark is Mark.FAIL:
        what = _("Dramatiq's queues are in {address}, and {problem}").format(
            address=where, problem=running.what
        )
        return Finding(Mark.FAIL, what, running.remedy)
    return Finding(Mark.OK, what)


def _info(client: redis.Redis) -> Mapping[str, Any] | None:
    """Return what the server says of itself, or None if its user may not ask."""
    try:
        found: Any = client.info("server")
    except redis.ResponseError:
        return None
    return dict(found)
