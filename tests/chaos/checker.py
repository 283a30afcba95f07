"""Find harm: compare the PECs that the API sent with Redis, the events and the webhooks. Pure."""

from collections.abc import Callable, Iterator

from tests.chaos.checks.custody import deleted_before_archived, foreign_touched, proof_missing, receipts_lost
from tests.chaos.checks.leftovers import left_over
from tests.chaos.checks.messages import lost, receipts_missing, sent_twice, wrong_end
from tests.chaos.checks.pace import too_close
from tests.chaos.checks.webhooks import webhooks_in_conflict, webhooks_missing
from tests.chaos.observation import Observation

Check = Callable[[Observation], Iterator[str]]

CHECKS: dict[str, Check] = {
    "lost": lost,
    "sent twice": sent_twice,
    "wrong end": wrong_end,
    "receipts missing": receipts_missing,
    "webhooks missing": webhooks_missing,
    "webhooks in conflict": webhooks_in_conflict,
    "sends too close": too_close,
    "left over": left_over,
    "proof missing": proof_missing,
    "deleted before archived": deleted_before_archived,
    "foreign mail touched": foreign_touched,
    "receipt lost for want of room": receipts_lost,
}


def check(seen: Observation) -> dict[str, list[str]]:
    """Evidence of each kind of harm; empty lists where there is none."""
    return {kind: list(find(seen)) for kind, find in CHECKS.items()}
