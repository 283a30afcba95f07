"""The harm that networks do to hosts: each kind begins, lasts, and ends."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from tests.hosts.installation import API, HOOK, SENTINELS, SERVERS, WORKERS, Installation
from tests.sentinels import Node

DELAY_SECONDS, LOSS = 0.15, 0.05  # in each direction
End = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Cut:
    """`of`: the host. `seconds`: how long it lasts."""

    kind: str
    of: str
    seconds: float
    begin: Callable[[Installation, str], End]


def cuts(chance: random.Random, count: int, only: str = "", seconds: float = 0.0) -> Iterator[Cut]:
    """Yield so many, every kind as often as it weighs, in the order that chance gives.

    `only`: of this kind. `seconds`: each so long, else as long as its kind says.
    """
    kinds = [kind for kind in KINDS for _ in range(kind.weight) if only in ("", kind.name)]
    left: list[_Kind] = []
    for _ in range(count):
        left = left or chance.sample(kinds, len(kinds))
        kind = left.pop()
        yield Cut(kind.name, chance.choice(kind.hosts), seconds or chance.uniform(*kind.seconds), kind.begin)


def _mending(found: Installation, name: str, begin: Callable[[], object]) -> End:
    begin()
    return found.network.hosts[name].mend


def _link(found: Installation, name: str) -> End:
    return _mending(found, name, found.network.hosts[name].cut)


def _receives_nothing(found: Installation, name: str) -> End:
    return _mending(found, name, found.network.hosts[name].deafen)


def _sends_nothing(found: Installation, name: str) -> End:
    return _mending(found, name, found.network.hosts[name].mute)


def _away_from(others: tuple[str, ...], found: Installation, name: str) -> End:
    host = found.network.hosts[name]
    return _mending(found, name, lambda: host.mute([found.network.hosts[one].address for one in others]))


def _slow(found: Installation, name: str) -> End:
    return _mending(found, name, lambda: found.network.hosts[name].slow_down(DELAY_SECONDS, LOSS))


def _primary(how: Callable[[Installation, str], End], found: Installation, _: str) -> End:
    found.ha.wait_until_ready()
    return how(found, found.host_of_primary().name)


def _replica(found: Installation, _: str) -> End:
    primary = found.host_of_primary().name
    return _link(found, next(name for name in SERVERS if name != primary))


def _kill_primary(found: Installation, _: str) -> End:
    found.ha.wait_until_ready()
    node: Node = found.ha.primary()
    node.kill()
    return node.start


def _no_names(found: Installation, _: str) -> End:
    def answer() -> None:
        found.names.stopped = False

    found.names.stopped = True
    return answer


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    weight: int
    hosts: tuple[str, ...]
    seconds: tuple[float, float]
    begin: Callable[[Installation, str], End]


KINDS = (
    _Kind("worker host", 4, WORKERS, (5.0, 9.0), _link),
    _Kind("worker host receives nothing", 2, WORKERS, (4.0, 8.0), _receives_nothing),
    _Kind("worker host sends nothing", 2, WORKERS, (4.0, 8.0), _sends_nothing),
    _Kind("worker host to the API", 2, WORKERS, (5.0, 8.0), partial(_away_from, (API,))),
    _Kind("worker host to Redis", 2, WORKERS, (5.0, 8.0), partial(_away_from, SERVERS)),
    _Kind("worker host slow and losing", 2, WORKERS, (6.0, 8.0), _slow),
    _Kind("primary's host", 2, ("",), (11.0, 14.0), partial(_primary, _link)),
    _Kind("primary killed", 2, ("",), (11.0, 14.0), _kill_primary),
    _Kind("primary receives nothing", 1, ("",), (11.0, 14.0), partial(_primary, _receives_nothing)),
    _Kind("primary sends nothing", 1, ("",), (11.0, 14.0), partial(_primary, _sends_nothing)),
    _Kind("a replica's host", 1, ("",), (4.0, 7.0), _replica),
    _Kind("a Sentinel's host", 1, SENTINELS, (6.0, 9.0), _link),
    _Kind("the API's host", 1, (API,), (3.0, 6.0), _link),
    _Kind("the consumer's host", 1, (HOOK,), (3.0, 6.0), _link),
    _Kind("names", 1, ("",), (6.0, 9.0), _no_names),
)
