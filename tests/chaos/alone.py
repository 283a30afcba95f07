"""Each kind of fault alone: what a mixture may hide, because another fault was there first."""

from itertools import count

from tests.chaos.plan import CUSTODY, TIMED, Plan, plan
from tests.chaos.run import Result

KINDS = ("kill", "api", "failover", "restore", *TIMED, *CUSTODY)
MESSAGES = 40
SECONDS = 5.0  # in which faults begin
SETTINGS = {
    "PEC_RECEIPTS__DEADLINE_SECONDS": "4.5"
}  # unanswered calls end sooner: they are most of a short run


def plan_of(kind: str, seed: int) -> Plan:
    """The first from this seed on in which the fault comes up."""
    plans = (plan(number, MESSAGES, [kind], SECONDS) for number in count(seed))
    return next(one for one in plans if one.answers or one.faults)


def times(kind: str, result: Result) -> int:
    """How often it came about."""
    return {"kill": result.kills, "api": result.answers.total()}.get(kind, result.faults[kind])
