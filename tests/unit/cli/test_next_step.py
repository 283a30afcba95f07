"""The advice of `pec` without arguments."""

import pytest

from cli.next_step import next_step
from pec.operations.status.situation import Situation


@pytest.mark.parametrize(
    ("situation", "advice"),
    [
        (Situation(redis_problem="Redis is not there"), "Redis is not there"),
        (Situation(), "no mailbox is configured"),
        (Situation(accounts=1), "`pec worker`"),
        (Situation(workers=1), "`pec send --help`"),
        (Situation(workers=1, messages=9, held=2), "`pec list --state held`"),
        (Situation(workers=1, messages=9), "`pec status`"),
    ],
)
def test_the_next_step_fits_the_situation(situation: Situation, advice: str) -> None:
    assert advice in next_step(situation)[0]
