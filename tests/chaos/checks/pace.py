"""Pace: no two sends of a token are closer than allowed, by a worker's word and at the API's door."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from tests.chaos.observation import Observation

LATE_SECONDS = 0.005  # by which the product lets a send miss its slot
JITTER_SECONDS = 0.008  # from its look at the clock to ours: Python may give others a turn, which lasts 5 ms
# At the API the pace is judged over several intervals, of which half must pass: on a busy machine 83 ms (2 intervals)
# were measured from a worker's note to the API, so two sends alone say nothing there. Not soon after a stopped process
# goes on: what it was about to write leaves late, whatever it does.
DOOR_STRETCH = 10
DOOR_SHARE = 0.5
AWAKE_SECONDS = 0.5
CLOCKS_SECONDS = 0.005  # between the two clocks of when a job may go, and when it went
STRETCH = 20  # intervals over which the pace is looked at too


def too_close(seen: Observation) -> Iterator[str]:
    """First bytes of one token keep their distance, but for the little that the product allows itself."""
    yield from _too_early(seen)
    yield from _too_close_at_the_door(seen)
    least = seen.interval_seconds - LATE_SECONDS - JITTER_SECONDS
    times: dict[str, list[float]] = defaultdict(list)
    if seen.posts and not seen.first_bytes:
        yield "no first byte was noted: workers were not watched"
    for one in seen.first_bytes:
        times[one["token"]].append(one["at"])
    for token, moments in times.items():
        moments.sort()
        for earlier, later in pairwise(moments):
            if later - earlier < least:
                yield f"two sends of {token} at {earlier:.3f}: {1000 * (later - earlier):.1f} ms apart"
        # lateness does not add up: over a stretch the pace shows that a limiter a little too fast hides between two
        for earlier, later in zip(moments, moments[STRETCH:], strict=False):
            if later - earlier < STRETCH * seen.interval_seconds - 2 * (LATE_SECONDS + JITTER_SECONDS):
                yield f"{STRETCH} intervals of {token} from {earlier:.3f} took {later - earlier:.3f} s"


def _too_close_at_the_door(seen: Observation) -> Iterator[str]:
    """Check the sends that the API saw: they alone show a send that a worker notes and makes much later, or never."""
    times: dict[str, list[float]] = defaultdict(list)
    for post in seen.posts:
        if not any(0 <= post["at"] - moment <= AWAKE_SECONDS for moment in seen.continued):
            times[post["token"]].append(post["at"])
    for token, moments in times.items():
        moments.sort()
        for earlier, later in zip(moments, moments[DOOR_STRETCH:], strict=False):
            if later - earlier < DOOR_SHARE * DOOR_STRETCH * seen.interval_seconds:
                yield f"{DOOR_STRETCH} intervals of {token} from {earlier:.3f} took {later - earlier:.3f} s at the API"


def _too_early(seen: Observation) -> Iterator[str]:
    """Before the `not_before` of its job."""
    for post in seen.posts:
        for message_id in post["messages"]:
            early = seen.not_before.get(message_id, 0.0) - post["at"]
            if early > CLOCKS_SECONDS:
                yield f"{message_id} was posted {early:.3f} s before its time"
