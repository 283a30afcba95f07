"""One step of a scheduler: new deliveries, hints to send, and tasks whose time has come.

All of it is given out under a lease, so that the work of a worker that died comes back.
"""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from config.settings import Api, Endpoint
from pec.names import Queue
from pec.store import pacing
from pec.store.pacing import Hint
from pec.store.store import ScriptCall, Store, text, text_dict, text_list

MAX_WAITING = 1000  # deliveries of one endpoint; more events wait in the stream


@dataclass(frozen=True, slots=True)
class HintRules:
    """The pace at which each token gets hints, and how long one may be on its way."""

    interval_seconds: float
    in_flight: int  # messages of one token that may be picked or on the wire
    lead_seconds: float  # before the slot
    lease_seconds: float
    pick_lease_seconds: float  # of a message that was picked

    @classmethod
    def of(cls, api: Api, pick_lease_seconds: float) -> Self:
        """Return the rules of an API's pace."""
        interval, lead = pacing.interval_seconds(api), pacing.lead_seconds(api)
        return cls(interval, api.places, lead, pacing.hint_lease_seconds(api), pick_lease_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRequest:
    """A request for deliveries, hints and tasks. What is left out is not given out."""

    endpoints: Sequence[Endpoint] = ()  # that get the new events
    max_events: int = 200  # of each endpoint
    tokens: Mapping[str, Collection[str]] = field(default_factory=dict)  # by digest: accounts to send from
    hints: HintRules | None = None
    max_hints: int = 1000  # of all tokens
    others_attend: bool = (
        False  # to tokens of which they gave the last hint: the time of the next is not reported
    )
    attends: Collection[str] = ()  # tokens of which the caller gave the last hint
    queues: Mapping[Queue, int] = field(default_factory=dict)  # how many tasks of each, at most
    lease_seconds: float = 0.0  # of a task

    def to_json(self) -> str:
        """Return the argument of `dispatch.lua`."""
        request: dict[str, Any] = {
            "endpoints": [_wanted(endpoint) for endpoint in self.endpoints],
            "max_events": self.max_events,
            "max_waiting": MAX_WAITING,
            "queues": list(self.queues.items()),
            "lease": _micros(self.lease_seconds),
            "tokens": {token: dict.fromkeys(accounts, True) for token, accounts in self.tokens.items()},
        }
        if self.hints:
            request |= {
                "max_hints": self.max_hints,
                "interval": _micros(self.hints.interval_seconds),
                "in_flight": self.hints.in_flight,
                "lead": _micros(self.hints.lead_seconds),
                "hint_lease": _micros(self.hints.lease_seconds),
                "pick_lease": _micros(self.hints.pick_lease_seconds),
                "others_attend": self.others_attend,
                "attends": dict.fromkeys(self.attends, True),
            }
        return json.dumps(request)


@dataclass(frozen=True, slots=True)
class Due:
    """A task whose time has come: its key, and since when it is due (epoch seconds on Redis's clock)."""

    member: str
    at: float


@dataclass(frozen=True, slots=True)
class Dispatched:
    """The result of one step, and the seconds until more is due (infinite if nothing is scheduled)."""

    endpoints: list[str]  # endpoints that have new deliveries
    hints: list[Hint]
    due: dict[Queue, list[Due]]
    wait_seconds: float
    attended: dict[str, float]  # tokens that this step looked at, and the seconds until the next hint of each


def dispatch(store: Store, request: DispatchRequest) -> Dispatched:
    """Give out what is due, in one round trip. It comes due again when its lease ends, unless it is done."""
    fanned_out, hints, taken, wait, attended = store.run("dispatch", request.to_json())
    return Dispatched(
        endpoints=text_list(fanned_out),
        hints=[Hint(text(token), text(number)) for token, *numbers in hints for number in numbers],
        due={
            Queue(text(queue)): [Due(member, float(at)) for member, at in text_dict(members).items()]
            for queue, *members in taken
        },
        wait_seconds=float(text(wait) or math.inf),
        attended={token: float(seconds) for token, seconds in text_dict(attended).items()},
    )


def dispatch_call(store: Store, request: DispatchRequest) -> ScriptCall:
    """Return the call of `dispatch.lua`, to run it in one command with others."""
    return ScriptCall("dispatch", [store.keys.namespace, request.to_json()])


def _wanted(endpoint: Endpoint) -> dict[str, object]:
    types = endpoint.events
    return {"name": endpoint.name, "all": types is None, "types": dict.fromkeys(types or [], True)}


def _micros(seconds: float) -> int:
    return round(seconds * 1e6)
