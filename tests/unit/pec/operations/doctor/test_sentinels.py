"""The doctor's verdicts on what Sentinels say."""

from typing import Any

import redis

from pec.operations.doctor.sentinels import judged
from pec.operations.status.findings import Mark


def _state(port: int = 6379, others: int = 2, quorum: int = 2) -> dict[str, Any]:
    return {"ip": "10.0.0.1", "port": port, "num-other-sentinels": others, "quorum": quorum}


def test_three_that_agree_are_sound() -> None:
    assert [one.mark for one in judged("pec", {"a:1": _state(), "b:1": _state(), "c:1": _state()})] == [
        Mark.OK
    ]


def test_one_that_is_away_is_warned_of_with_its_words() -> None:
    away = redis.ConnectionError("Connection refused")
    [found] = judged("pec", {"a:1": _state(), "b:1": _state(), "c:1": away})

    assert (found.mark, found.what) == (Mark.WARN, "Sentinel c:1 says nothing of pec (Connection refused)")


def test_different_primaries_fail() -> None:
    found = judged("pec", {"a:1": _state(), "b:1": _state(6380), "c:1": _state()})

    assert Mark.FAIL in [one.mark for one in found]


def test_too_few_sentinels_and_a_quorum_that_is_no_majority_are_warned_of() -> None:
    few = [one.what for one in judged("pec", {"a:1": _state(others=0, quorum=1)}) if one.mark is Mark.WARN]
    weak = [one.what for one in judged("pec", {name: _state(quorum=1) for name in ("a:1", "b:1", "c:1")})]

    assert few == [
        "Sentinel a:1 knows 0 others, with quorum 1",
        "PEC_REDIS_URL names only these Sentinels: a:1; without them no failover is noticed",
    ]
    assert weak[0] == "Sentinel a:1 knows 2 others, with quorum 1"


def test_one_that_does_not_reach_the_primary_is_warned_of() -> None:
    found = judged("pec", {"a:1": _state(), "b:1": _state(), "c:1": {**_state(), "is_sdown": True}})

    warned = [one.what for one in found if one.mark is Mark.WARN]
    assert warned == ["Sentinel c:1 does not reach the primary of pec"]
