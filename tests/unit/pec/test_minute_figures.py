"""Durations are counted in buckets, sums of counts are counts, and the quantiles lie in the right bucket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pec.minute_figures import BUCKETS, Timed, added, duration_name, error_name, errors, quantile, total


def counted(*seconds: float, timed: Timed = Timed.SEND) -> dict[str, int]:
    return added([{duration_name(timed, one): 1} for one in seconds])


@given(st.lists(st.floats(0, 59), min_size=1, max_size=40), st.sampled_from([0.5, 0.95]))
def test_a_quantile_lies_in_the_bucket_of_the_exact_one(seconds: list[float], share: float) -> None:
    exact = sorted(seconds)[-(-len(seconds) * round(share * 100) // 100) - 1]
    found = quantile(counted(*seconds), Timed.SEND, share)

    edges = (0.0, *BUCKETS[Timed.SEND])
    at = int(duration_name(Timed.SEND, exact).removeprefix("s"))
    assert found is not None
    assert edges[at] <= found <= edges[at + 1]


def test_what_took_longer_than_the_last_bucket_counts_as_that() -> None:
    assert quantile(counted(1e6), Timed.SEND, 0.5) == BUCKETS[Timed.SEND][-1]


def test_without_durations_there_is_no_quantile() -> None:
    assert quantile({}, Timed.ACCEPTED, 0.5) is None
    assert quantile(counted(3.0), Timed.ACCEPTED, 0.5) is None


def test_kinds_of_durations_are_counted_apart() -> None:
    both = added([counted(0.1, 0.2), counted(40, timed=Timed.DELIVERED)])

    assert [total(both, timed) for timed in Timed] == [2, 0, 0, 1]


def test_errors_are_summed_by_kind() -> None:
    counts = added([{error_name(Timed.SEND, "denied"): 2}, {error_name(Timed.READ, "denied"): 1}])

    assert errors(counts) == {"denied": 3}
    assert total(counts, Timed.SEND) == 0


@pytest.mark.parametrize("timed", Timed)
def test_buckets_rise(timed: Timed) -> None:
    assert list(BUCKETS[timed]) == sorted(set(BUCKETS[timed]))
