"""Figures by minute come with heartbeats, are summed over workers, and expire."""

from datetime import timedelta

from pec.minute_figures import Timed, duration_name, error_name
from pec.operations.messages.throughput import Period
from pec.operations.minute_figures import figures_in
from pec.store import heartbeat
from pec.store.minute_figures import KEPT_SECONDS, MINUTE, QUARTER
from pec.store.store import Store

HOUR, DAY = Period(60, timedelta(minutes=1)), Period(96, timedelta(minutes=15))
WEEK = Period(84, timedelta(hours=2))


def beat(store: Store, minutes_ago: int, **counts: int) -> int:
    minute = int(store.now()) // MINUTE * MINUTE - 60 * minutes_ago
    heartbeat.beat(store, {"worker": ["w1"]}, 30, figures={minute: counts})
    return minute


def test_nothing_was_counted_in_a_new_installation(store: Store) -> None:
    found = figures_in(store, HOUR)

    assert found.is_empty
    assert found.timings[Timed.SEND].median is None
    assert len(found.starts) == len(found.sends) == 60


def test_counts_of_several_workers_are_summed_in_each_period(store: Store) -> None:
    fast, slow = duration_name(Timed.SEND, 0.1), duration_name(Timed.SEND, 4)
    beat(store, 0, **{fast: 3})
    beat(store, 0, **{fast: 6, error_name(Timed.READ, "denied"): 2})
    beat(store, 30, **{slow: 1})
    beat(store, 300, **{slow: 10})

    hour, day, week = (figures_in(store, period) for period in (HOUR, DAY, WEEK))

    assert sum(hour.sends) == 10
    assert hour.sends[-1] + hour.sends[-2] == 9
    assert hour.errors == {"denied": 2}
    assert (hour.timings[Timed.SEND].median or 1) <= 0.1
    assert sum(day.sends) == sum(week.sends) == 20
    assert 3 < (day.timings[Timed.SEND].most or 0) <= 5


def test_figures_expire(store: Store) -> None:
    minute = beat(store, 0, s1=1)

    for step in (MINUTE, QUARTER):
        left = int(str(store.client.ttl(store.keys.figures(step, minute // step * step))))
        assert KEPT_SECONDS[step] - 60 < left <= KEPT_SECONDS[step]


def test_a_heartbeat_without_figures_leaves_none(store: Store) -> None:
    heartbeat.beat(store, {"worker": ["w1"]}, 30)

    assert store.client.keys(f"{store.keys.namespace}:figures:*") == []
