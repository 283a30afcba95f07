"""Waits for room in Redis before many files are put there: workers with an archive take them out again."""

import time

import redis

from pec.store.store import Store

MAX_MEMORY_SHARE = 0.6  # of maxmemory; workers take no jobs from 80 or 90 % on
STEP_SECONDS = 0.2
GIVE_UP_SECONDS = 15.0  # without memory being freed: then nothing would come of waiting


def wait_for_room(store: Store) -> bool:
    """Wait until memory is below the share. Return False if it did not fall for a while. Raise Redis's errors."""
    least, since = None, time.monotonic()
    while (used := share_used(store)) > MAX_MEMORY_SHARE:
        if least is None or used < least:
            least, since = used, time.monotonic()
        elif time.monotonic() - since > GIVE_UP_SECONDS:
            return False
        time.sleep(STEP_SECONDS)  # Redis sends no notice when memory is freed
    return True


def share_used(store: Store) -> float:
    """Return the share of maxmemory in use: 0 if there is none. Raise Redis's errors."""
    used, limit = memory(store)
    return used / limit if limit else 0.0


def memory(store: Store) -> tuple[int, int]:
    """Return the bytes in use and maxmemory; 0 if there is none. Raise Redis's errors."""
    try:
        info = store.client.info("memory")
    except redis.ResponseError:  # a producer's user may not ask
        return 0, 0
    return int(info["used_memory"]), int(info.get("maxmemory") or 0)
