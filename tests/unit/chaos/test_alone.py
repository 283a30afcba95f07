"""Each kind of fault alone: a plan that has it, and no other."""

import pytest

from tests.chaos.alone import KINDS, plan_of


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_comes_up_without_the_others(kind: str) -> None:
    chosen = plan_of(kind, seed=0)

    with_it = {"kill": {"kill", "kill-at"}, "api": set(), "restore": {"backup", "restore"}}.get(kind, {kind})
    assert {fault.name for fault in chosen.faults} <= with_it
    assert bool(chosen.answers) == (kind == "api")
    assert chosen.faults or chosen.answers
