"""What is due: taken under a lease, so that work whose worker died comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pec.names import Queue
from pec.store.store import Store, text_dict


@dataclass(frozen=True, slots=True)
class Due:
    """A deed whose time has come: of what, and since when (epoch seconds on Redis's clock)."""

    member: str
    at: float


def take_due(store: Store, most: Mapping[Any, int], lease_seconds: float) -> dict[Queue, list[Due]]:
    """What is due of each queue, up to so many. It comes due again when the lease ends, unless it is settled."""
    pairs = [part for queue, number in most.items() for part in (queue, number)]
    taken = store.run("due", round(lease_seconds * 1e6), *pairs)
    return {
        queue: [Due(member, float(at)) for member, at in text_dict(members).items()]
        for queue, members in zip(most, taken, strict=True)
    }
