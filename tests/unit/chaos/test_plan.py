"""Plans: a seed gives the same one each time, and each kind of fault comes up."""

from collections import Counter

from tests.chaos.plan import ANSWERS, CONSUMERS, CUSTODY, CUSTODY_POINTS, KILL_POINTS, TIMED, plan


def test_a_seed_gives_the_same_plan_each_time() -> None:
    assert plan(7) == plan(7)
    assert list(plan(7).lines()) == list(plan(7).lines())
    assert plan(7) != plan(8)


def test_every_fault_and_kill_point_comes_up_within_fifty_seeds() -> None:
    plans = [plan(seed) for seed in range(50)]
    faults = Counter(fault.name for one in plans for fault in one.faults)
    answers = {name for one in plans for faults in one.answers.values() for name in faults.values()}
    points = {fault.of["point"] for one in plans for fault in one.faults if fault.name == "kill-at"}

    assert set(faults) >= {
        *TIMED,
        *CUSTODY,
        "kill",
        "kill-at",
        "pause-batch",
        "failover",
        "backup",
        "restore",
    }
    assert points == {*KILL_POINTS, *CUSTODY_POINTS}
    assert {name for _, _, faults in ANSWERS.values() for name in faults} <= answers
    assert {fault.of["how"] for one in plans for fault in one.faults if fault.name == "consumer"} == set(
        CONSUMERS
    )
    assert sum(one.campaign.size for one in plans) >= 10_000
    assert faults["kill"] + faults["kill-at"] >= 600


def test_chosen_faults_are_the_only_ones() -> None:
    chosen = plan(3, only=["kill"])

    assert {fault.name for fault in chosen.faults} == {"kill", "kill-at"}
    assert not chosen.answers


def test_every_recipient_leads_to_an_expected_message() -> None:
    campaign = plan(5).campaign

    assert set(campaign.tags.values()) <= set(campaign.expected)
    assert set(campaign.expected) <= set(campaign.tags.values())
