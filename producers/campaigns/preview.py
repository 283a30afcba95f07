"""A validated campaign beside all that is known of sending it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.settings import Settings
from pec.instants import from_epoch
from pec.names import State
from pec.store.store import Store, wall_clock
from producers.campaigns.campaign import Campaign
from producers.campaigns.earlier.again import Rule
from producers.campaigns.earlier.already_enqueued import Earlier, mark_already_enqueued
from producers.campaigns.earlier.same_subject import SameSubject, same_subject
from producers.campaigns.estimate import Estimate, estimate
from producers.campaigns.row_store import RowStatus
from producers.campaigns.trial import Picked, picked
from producers.campaigns.validation import warn_of_several


@dataclass(frozen=True, slots=True)
class Preview:
    """`earlier` is None if Redis could not be asked. `shown` are the rows whose letters a person wants to see.

    `repeated`: the campaign may be sent a second time.
    """

    campaign: Campaign
    estimate: Estimate
    earlier: Earlier | None
    shown: Sequence[Picked] = ()
    repeated: SameSubject | None = None

    @property
    def sendable(self) -> int:
        """Return the number of lines that are sent, or were."""
        return self.count(RowStatus.READY) + self.count(RowStatus.ALREADY_ENQUEUED)

    def count(self, status: RowStatus) -> int:
        return self.campaign.row_store.count(status)


def load_preview(
    campaign: Campaign,
    settings: Settings,
    store: Store | None,
    rows: Sequence[int],
    again: Collection[State],
    before: datetime | None = None,
) -> Preview:
    """Compare a campaign with what Redis holds, and mark its rows. `rows` are to be shown. Raise Misused.

    `again` are the states to send again of messages that ended `before`, or until now.
    """
    now = from_epoch(wall_clock())
    row_store, renderer = campaign.row_store, campaign.renderer
    rule = Rule(again, now, timedelta(seconds=settings.receipts.late_period_seconds), before)
    earlier = mark_already_enqueued(store, row_store, renderer, rule) if store else None
    warn_of_several(row_store, renderer)
    cost = _estimate(campaign, settings, store, now)
    shown = picked(campaign, rows, "--show")
    repeated = same_subject(store, row_store, renderer, now) if store else None
    return Preview(campaign, cost, earlier, shown, repeated)


def _estimate(campaign: Campaign, settings: Settings, store: Store | None, now: datetime) -> Estimate:
    count = campaign.row_store.count(RowStatus.READY)
    account = str(campaign.renderer.stated["account"])
    return estimate(count, settings, account, store, now, campaign.sample.not_before)
