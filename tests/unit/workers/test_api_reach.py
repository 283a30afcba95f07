"""Whether a process reaches the API: what starts a doubt, what ends it, and whose place on the wire is freed."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from pec.messages import Reason
from pec.names import Queue
from workers.api_reach import PATIENCE_OPENINGS, PATIENCE_SECONDS, ApiReach

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Permit:
    def __init__(self) -> None:
        self.freed = 0

    def free_place(self) -> None:
        self.freed += 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reach(clock: Clock) -> ApiReach:
    return ApiReach(clock)


def test_a_connection_that_does_not_open_in_time_is_slow(reach: ApiReach, clock: Clock) -> None:
    reach.start_opening(Permit())
    clock.now = PATIENCE_SECONDS
    assert not reach.is_slow()

    clock.now += 0.1

    assert reach.is_slow()


@pytest.mark.parametrize("opened", [True, False])
def test_one_that_is_open_or_given_up_is_not(reach: ApiReach, clock: Clock, opened: bool) -> None:
    permit = Permit()
    reach.start_opening(permit)
    assert reach.end_opening(permit, opened=opened)
    clock.now = 60
    reach.free_places()

    assert not reach.is_slow()
    assert permit.freed == 0


def test_on_a_slow_network_patience_grows_with_the_time_that_connections_take(
    reach: ApiReach, clock: Clock
) -> None:
    """Else each send would be doubted there, and none would go."""
    reach.find(in_seconds=3.0)
    reach.start_opening(Permit())
    clock.now = 3.0 * PATIENCE_OPENINGS

    assert not reach.is_slow()

    clock.now += 0.1
    assert reach.is_slow()


def test_patience_grows_with_the_time_that_a_send_took_to_connect(reach: ApiReach, clock: Clock) -> None:
    first, second = Permit(), Permit()
    reach.start_opening(first)
    clock.now = 3.0
    reach.end_opening(first, opened=True)
    reach.start_opening(second)
    clock.now += 3.0 * PATIENCE_OPENINGS

    assert not reach.is_slow()


def test_each_place_is_freed_once_and_its_connection_is_of_no_use(reach: ApiReach) -> None:
    permit = Permit()
    reach.start_opening(permit)

    reach.free_places()
    reach.free_places()

    assert permit.freed == 1
    assert not reach.end_opening(permit, opened=True)


def test_a_connection_that_opens_while_places_are_freed_waits_until_its_own_is_free(reach: ApiReach) -> None:
    """Else its claim could take the place before it is freed, and one send more than allowed would be on the wire."""
    freeing, may_end = Event(), Event()

    class Slow(Permit):
        def free_place(self) -> None:
            freeing.set()
            assert may_end.wait(10)
            super().free_place()

    permit = Slow()
    reach.start_opening(permit)
    with ThreadPoolExecutor(2) as threads:
        watch = threads.submit(reach.free_places)
        assert freeing.wait(10)
        opened = threads.submit(lambda: (reach.end_opening(permit, opened=True), permit.freed))
        assert not wait([opened], timeout=0.2).done
        may_end.set()

        watch.result(10)
        assert opened.result(10) == (False, 1)


def test_a_doubt_stops_calls_of_the_api_and_nothing_else(reach: ApiReach) -> None:
    reach.doubt(NOW)

    assert not reach.is_good
    assert {queue for queue in Queue if not reach.serves(queue)} == {
        Queue.SEND,
        Queue.CHECK,
        Queue.INBOX_SCAN,
        Queue.LOOKUP,
        Queue.QUOTA,
    }


def test_a_probe_that_succeeds_ends_it(reach: ApiReach) -> None:
    reach.doubt(NOW)

    assert reach.find(0.1) is False, "it was never lost"

    assert all(reach.serves(queue) for queue in Queue)


def test_a_probe_that_fails_makes_it_certain_since_the_first_doubt(reach: ApiReach) -> None:
    reach.doubt(NOW)
    reach.doubt(NOW + timedelta(seconds=9))

    assert reach.lose(Reason("timeout", "")) is True
    assert reach.lose(Reason("refused", "")) is False

    assert (reach.doubted_since, reach.lost) == (NOW, Reason("refused", ""))
    assert reach.find(0.1) is True
    assert reach.lost is None
