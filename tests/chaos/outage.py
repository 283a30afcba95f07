"""The API down for ten minutes in a campaign of 2,000: all the waits of such a day, so many times faster."""

from pathlib import Path

from tests.chaos.campaign import ACCOUNTS, plain_campaign
from tests.chaos.plan import MACHINES, Fault, Plan
from tests.chaos.run import Result, run

SCALE = 20.0  # times faster than in production: pace, time-outs, the circuit's waits, and the outage itself
OUTAGE_SECONDS = 600 / SCALE
AFTER_SECONDS, AFTER_SENDS = (
    1.0,
    10,
)  # until it begins, at least: it must meet sends, however busy the machine is
MAX_UNCERTAIN = 10
KINDS = ("silence", "reset", "503", "sends-500")  # the last: all but POST /send is answered
_SETTINGS = {
    "PEC_API__RATE": str(SCALE),
    "PEC_API__MARGIN_SECONDS": str(0.003),
    "PEC_API__TIMEOUT_SECONDS": str(30 / SCALE),
    "PEC_API__CONNECT_TIMEOUT_SECONDS": str(10 / SCALE),
    "PEC_API__IN_FLIGHT": "4",
    "CHAOS_SCALE": str(SCALE),
}


def outage(folder: Path, how: str, messages: int = 2000, seconds: float = OUTAGE_SECONDS) -> Result:
    """One outage, in which calls fail in this way. Called from the main thread."""
    plan = Plan(
        seed=KINDS.index(how),
        campaign=plain_campaign(messages, ACCOUNTS[:2]),  # which share a token
        faults=(
            Fault(AFTER_SECONDS, "api-down", {"seconds": seconds, "how": how, "after_sends": AFTER_SENDS}),
        ),
        answers={},
        sandbox={},
        mangled=False,
        skews_seconds=(0,) * MACHINES,
        failover=False,
    )
    return run(plan, folder, SCALE, **_SETTINGS)
