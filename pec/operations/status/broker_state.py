"""Whether Dramatiq's database can be used: without it workers send in bursts or not at all."""

from config.redis_connection import RedisUnreachable, address, check, connect
from config.redis_refusals import cause_of, remedy_of
from config.settings import Settings
from config.texts import _
from pec.operations.status.findings import Finding, Mark

_SECONDS = 2.0


def broker_problem(settings: Settings) -> Finding | None:
    """Return why Dramatiq's database can't be used, with the remedy, or None if it can."""
    with connect(settings.broker, timeout_seconds=_SECONDS, retries=1) as client:
        try:
            check(client)
        except RedisUnreachable as away:
            why = away.__cause__ or away
            what = _(
                "Dramatiq's database {address} can't be used ({why}): workers send in bursts or not at all"
            ).format(address=address(client), why=cause_of(why))
            return Finding(Mark.FAIL, what, remedy_of(why, _("start its server, or set PEC_BROKER_URL")))
    return None
