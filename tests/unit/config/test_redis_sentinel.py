"""Several Sentinels are counted once each, however many threads ask them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import redis

from config.redis_sentinel import _Sentinels
from config.replica_wait import ReplicaWait

PRIMARY_AT = ("10.0.0.1", 6379)
PRIMARY = {"ip": "10.0.0.1", "port": 6379, "num-other-sentinels": 2}

_IS = {"is_master": True, "is_sdown": False, "is_odown": False}
_REPLICA = {"port": 6379, "flags": {"slave"}, "role-reported": "slave", "master-link-status": "ok"}


class _Sentinel:
    """Answers as one of them does, or fails as `fails` does."""

    def __init__(self, name: str, fails: Callable[[], object] | None = None, *flags: str) -> None:
        self.connection_pool = SimpleNamespace(
            connection_kwargs={"host": name, "port": 26379},
            get_connection=lambda: SimpleNamespace(
                pack_commands=list, send_packed_command=lambda _: self.sentinel_masters()
            ),
            release=lambda _: None,
        )
        self.asked = 0
        self._fails = fails
        self._flags = {"master", *flags}

    def sentinel_masters(self) -> dict[str, Any]:
        self.asked += 1
        if self._fails:
            self._fails()
            raise redis.ConnectionError("gone")
        return {"pec": {**PRIMARY, "flags": self._flags, **_IS}}

    def parse_response(self, connection: object, command: str) -> Any:
        replicas = [{**_REPLICA, "ip": "10.0.0.2"}, {**_REPLICA, "ip": "10.0.0.3"}]
        return replicas if command == "SENTINEL SLAVES" else {**PRIMARY, "flags": self._flags, **_IS}


def _sentinels(*them: Any) -> _Sentinels:
    found = _Sentinels([])  # type: ignore[no-untyped-call]
    found.sentinels = list(them)
    return found


def test_threads_that_ask_at_the_same_time_forget_no_sentinel_and_count_none_twice() -> None:
    together = Barrier(2)
    dead, gone = _Sentinel("a", lambda: together.wait(10)), _Sentinel("c", lambda: None)
    them = _sentinels(dead, _Sentinel("b"), gone)

    with ThreadPoolExecutor(2) as threads:
        found = [threads.submit(them.discover_master, "pec") for _ in range(2)]
        assert {one.result(20) for one in found} == {PRIMARY_AT}

    dead._fails = lambda: None
    view = them.survey("pec")
    assert (view.answered, view.asked, view.primary) == (1, 3, None)
    assert dead.asked == 3


def test_the_sentinel_that_answered_last_is_asked_first() -> None:
    dead, well = _Sentinel("a", lambda: None), _Sentinel("b")
    them = _sentinels(dead, well)

    for _ in range(3):
        them.discover_master("pec")

    assert (dead.asked, well.asked) == (1, 3)


def test_a_sentinel_that_answers_a_patient_question_is_asked_again_at_once() -> None:
    back = _Sentinel("a", lambda: None)
    them = _sentinels(back, _Sentinel("b"), _Sentinel("c"))
    assert them.survey("pec").answered == 2
    back._fails = None
    assert them.survey("pec").answered == 2  # it is skipped for a while

    assert them.survey("pec", patient=True).answered == 3

    assert them.survey("pec").answered == 3


def _wait(them: _Sentinels) -> ReplicaWait:
    """Return a wait for the replicas, of which a fresh look shows nothing new."""
    view = them.survey("pec")
    pool: Any = SimpleNamespace(survey=lambda: them.survey("pec"), primary=lambda: PRIMARY_AT)
    return ReplicaWait(1, view.promotable, pool, PRIMARY_AT, view)


def test_a_sentinel_that_alone_misses_the_primary_stops_no_write_that_every_replica_has() -> None:
    them = _sentinels(_Sentinel("a"), _Sentinel("b"), _Sentinel("c", None, "s_down"))
    wait = _wait(them)

    assert (wait.count, wait.is_over(2), wait.is_over(1)) == (2, True, False)


def test_without_most_sentinels_no_write_counts() -> None:
    """The one that answers may have forgotten a replica that the others promote."""
    them = _sentinels(_Sentinel("a"), _Sentinel("b", lambda: None), _Sentinel("c", lambda: None))

    assert not _wait(them).is_over(2)


def test_only_a_patient_survey_asks_a_sentinel_again_that_was_silent() -> None:
    """A claim would wait for it."""
    silent, well = _Sentinel("a", lambda: None), _Sentinel("b")
    them = _sentinels(silent, well)

    for patient in (False, False, True, False):
        them.survey("pec", patient)

    assert (silent.asked, well.asked) == (2, 4)


def test_the_sentinel_that_fails_over_is_asked_though_most_agree() -> None:
    them = _sentinels(_Sentinel("a"), _Sentinel("b"), _Sentinel("c", None, "failover_in_progress"))

    assert them.survey("pec").primary is None
