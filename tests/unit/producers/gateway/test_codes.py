"""Codes have the vendor's form, and the shortest ones come first."""

import random
from datetime import UTC, datetime

from pec.subjects import is_code
from producers.gateway.vendor.codes import candidates


def test_candidates_are_codes_of_the_second_in_rome_the_shortest_first() -> None:
    found = candidates(datetime(2026, 7, 1, 22, 30, 5, tzinfo=UTC), random.Random(1))

    assert all(is_code(code) and code.startswith("20260702003005") for code in found)
    assert [len(code) for code in found] == sorted(len(code) for code in found)
    assert (len(found[0]), len(found[-1])) == (16, 20)
