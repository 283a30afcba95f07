"""Codes in the vendor's form: the local time and some digits. Redis gives each away once."""

import random
from datetime import datetime

from pec.instants import ROME

# The vendor's have one or two digits after the time, so programs may keep 16 characters; a busy second needs more.
_DIGITS = (2, 2, 2, 2, 4, 4, 6)


def candidates(now: datetime, chance: random.Random) -> list[str]:
    """Return codes of this second, the shortest first. The first one that is free is taken."""
    second = f"{now.astimezone(ROME):%Y%m%d%H%M%S}"
    return [f"{second}{chance.randrange(10**digits):0{digits}}" for digits in _DIGITS]
