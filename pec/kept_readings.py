"""A cache of readings of texts that anyone can write: long ones are read anew each time and not kept."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

_Read = TypeVar("_Read")
_MAX_CHARACTERS = 1000  # of a text: a few caches of longer ones would take hundreds of MB


def kept_if_short(max_kept: int) -> Callable[[Callable[..., _Read]], Callable[..., _Read]]:
    """Keep what a function of texts returns, as `lru_cache` does. Long texts are read anew each time."""

    def keeping(read: Callable[..., _Read]) -> Callable[..., _Read]:
        kept = lru_cache(max_kept)(read)

        @wraps(read)
        def reading(*texts: str) -> _Read:
            return (read if max(map(len, texts)) > _MAX_CHARACTERS else kept)(*texts)

        return reading

    return keeping
