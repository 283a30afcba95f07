"""Which links are cut is drawn from a seed; every kind has its turn."""

import random
from collections import Counter

from tests.hosts.cuts import KINDS, cuts

ALL = sum(kind.weight for kind in KINDS)


def test_every_kind_comes_as_often_as_it_weighs() -> None:
    found = Counter(cut.kind for cut in cuts(random.Random(1), 4 * ALL))

    assert found == {kind.name: 4 * kind.weight for kind in KINDS}


def test_a_seed_gives_the_same_cuts_again() -> None:
    first, second = (list(cuts(random.Random(7), 30)) for _ in range(2))

    assert [(one.kind, one.of, one.seconds) for one in first] == [
        (one.kind, one.of, one.seconds) for one in second
    ]


def test_one_kind_alone_can_be_cut_for_a_stated_time() -> None:
    found = list(cuts(random.Random(1), 5, "primary's host", 30.0))

    assert {(one.kind, one.seconds) for one in found} == {("primary's host", 30.0)}
