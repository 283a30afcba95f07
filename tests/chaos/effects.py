"""How often each fault came about: counted by those who met it, never by the task.

A meter says how often something was met so far. A fault came about if its meter rose while it lasted, or soon after.
"""

from collections import Counter
from collections.abc import Collection

from tests.chaos.observation import Observation, journal
from tests.chaos.plan import Fault
from tests.chaos.world import World, drawn

NOTICED_SECONDS = 2.0  # within which a fault takes effect
_REDIS = {
    "redis-cut": "cut",
    "redis-kill": "gone",
    "redis-power": "gone",
    "failover": "gone",
    "redis-oom": "OOM",
    "redis-readonly": "READONLY",
    "redis-loading": "LOADING",
    "redis-lost-replies": "lost-reply",
}


_IMAP = {
    "imap-down": "down",
    "imap-refused": "refuses_logins",
    "imap-slow": "delay_seconds",
    "imap-cut": "cuts",
    "imap-hang-up": "hang-up",
}


def met(world: World, fault: Fault) -> int | None:
    """Return the number of effects of this kind so far. None: the task itself is the effect."""
    match fault.name:
        case name if name in _REDIS:
            return world.redis_proxy.met[_REDIS[name]]
        case name if name in _IMAP:
            return int(world.asked_of_sandbox("imap").get(_IMAP[name], 0))
        case name if name.startswith("archive-"):
            return _noted(world, name)
        case "api-down":
            return world.api.met_down
        case "api-dns" | "api-refused":
            return _noted(world, fault.name)
        case "term" | "term-group":
            [machine] = drawn(world.machines, fault.of["draw"])
            return _noted(world, "term", machine=machine.name)
        case "stop":
            return len(world.continued)
        case "consumer":
            return world.receivers.met[fault.of["how"]]
    return None


def in_the_end(world: World, seen: Observation, late: Collection[str]) -> Counter[str]:
    """Faults that can take effect at any later time: planted mails, and armed points."""
    deaths = sum("killed" in note for note in journal(world.folder))
    came_true = sum(seen.records.get(one, {}).get("state") == "delivered" for one in late)
    return world.api.shown + Counter({"kill-at": deaths, "late": came_true})


def _noted(world: World, what: str, **of: str) -> int:
    """How often workers noted it."""
    wanted = {"met": what, **of}
    return len([note for note in journal(world.folder) if wanted.items() <= note.items()])
