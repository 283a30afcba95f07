"""How the API and the providers did in a period: calls, durations and errors in each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pec import minute_figures as figures
from pec.instants import from_epoch
from pec.minute_figures import Counts
from pec.minute_figures import Timed as Timed  # for pages
from pec.operations.messages.throughput import Period
from pec.store import minute_figures as stored
from pec.store.store import Store

MEDIAN, MOST = 0.5, 0.95


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations of one kind: of the whole period, and of each step. None where there was none."""

    count: int
    median: float | None
    most: float | None  # 95 % took no longer
    medians: Sequence[float | None]
    mosts: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a period; `starts` is when each step began."""

    starts: Sequence[datetime]
    sends: Sequence[int]  # in each step
    errors_by_step: Sequence[int]
    errors: dict[str, int]
    timings: dict[Timed, Timing]

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was counted."""
        return not (self.errors or any(one.count for one in self.timings.values()))


def figures_in(store: Store, period: Period) -> Figures:
    """Return the figures of a period. Steps begin at whole multiples, as `throughput.ends_in` has them."""
    size = int(period.step.total_seconds())
    unit = stored.MINUTE if size < stored.QUARTER else stored.QUARTER
    last = int(store.now() // size + 1) * size
    first = last - size * period.steps
    found = stored.read(store, unit, first, size // unit * period.steps)
    parts = size // unit
    steps = [figures.added(found[at : at + parts]) for at in range(0, len(found), parts)]
    whole = figures.added(steps)
    return Figures(
        starts=[from_epoch(first + size * at) for at in range(period.steps)],
        sends=[figures.total(one, Timed.SEND) for one in steps],
        errors_by_step=[sum(figures.errors(one).values()) for one in steps],
        errors=dict(sorted(figures.errors(whole).items())),
        timings={timed: _timing(timed, steps, whole) for timed in Timed},
    )


def _timing(timed: Timed, steps: Sequence[Counts], whole: Counts) -> Timing:
    return Timing(
        count=figures.total(whole, timed),
        median=figures.quantile(whole, timed, MEDIAN),
        most=figures.quantile(whole, timed, MOST),
        medians=[figures.quantile(one, timed, MEDIAN) for one in steps],
        mosts=[figures.quantile(one, timed, MOST) for one in steps],
    )
