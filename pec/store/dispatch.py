"""What is due: handed out under a lease, so that work whose worker died comes back."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from pec.names import Queue
from pec.store.pacing import Hint
from pec.store.store import Store, text, text_dict, text_list

DispatchRequest = Mapping[
    str, object
]  # what to hand out, as `dispatch.lua` reads it: made by `asking` here and beside


@dataclass(frozen=True, slots=True)
class Due:
    """A task whose time has come: of what, and since when (epoch seconds on Redis's clock)."""

    member: str
    at: float


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What one step found, and the seconds until more of it comes due, as far as is known now (else infinite)."""

    endpoints: list[str]  # endpoints that have new deliveries
    hints: list[Hint]
    due: dict[Queue, list[Due]]
    wait_seconds: float


def dispatch(store: Store, asked: DispatchRequest) -> Dispatched:
    """One round trip. What is handed out comes due again when its lease ends, unless it is settled."""
    fed, hints, taken, wait = store.run("dispatch", json.dumps(asked))
    return Dispatched(
        endpoints=text_list(fed),
        hints=[Hint(text(token), text(number)) for token, *numbers in hints for number in numbers],
        due={
            Queue(text(queue)): [Due(member, float(at)) for member, at in text_dict(members).items()]
            for queue, *members in taken
        },
        wait_seconds=float(text(wait) or math.inf),
    )


def due_request(limit: Mapping[Queue, int], lease_seconds: float) -> dict[str, object]:
    """For what is due of each queue, up to so many."""
    return {"queues": list(limit.items()), "lease": round(lease_seconds * 1e6)}
