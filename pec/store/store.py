"""The store: one Redis, its keys and its scripts. The modules beside this one use them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import redis
from redis.commands.core import Script
from redis.exceptions import NoScriptError

from pec.names import Queue
from pec.store.keys import Keys

_FOLDER = Path(__file__).parent / "scripts"
# A result of the wire must be written down even when memory is full; intake must not fill it.
_AFTER_THE_WIRE = "#!lua flags=allow-oom\n"
_INTAKE = "#!lua\n"


@dataclass(frozen=True, slots=True)
class ScriptCall:
    """A script and its arguments, for `Store.pipeline`."""

    name: str
    args: Sequence[str | bytes | float]
    intake: bool = False


class Store:
    """Shared by all threads of a process; holds no state but its connections."""

    def __init__(self, client: redis.Redis, namespace: str, replicas: int = 0) -> None:
        self.client = client
        self.keys = Keys(namespace)
        self.replicas = replicas
        self._scripts: dict[tuple[str, bool], Script] = {}

    def script(self, name: str, *, intake: bool = False) -> Script:
        """Return the script `scripts/<name>.lua`, which may run twice: redis-py repeats one whose reply was lost."""
        if (name, intake) not in self._scripts:
            source = (_INTAKE if intake else _AFTER_THE_WIRE) + _source(name)
            self._scripts[name, intake] = self.client.register_script(source)
        return self._scripts[name, intake]

    def run(self, name: str, *args: str | bytes | float) -> Any:
        """Run a script with the namespace as its first argument."""
        return self.script(name)(args=[self.keys.namespace, *args])

    def pipeline(self, calls: Sequence[ScriptCall]) -> list[Any]:
        """Run scripts in one round trip, in this order. Return the reply of each, or the error that it ended with."""
        with self.client.pipeline(transaction=False) as pipeline:
            for call in calls:
                self.script(call.name, intake=call.intake)(args=call.args, client=pipeline)
            pipeline.scripts.clear()  # else redis-py asks first, each time, whether the server has them
            replies: list[Any] = pipeline.execute(raise_on_error=False)
        return [
            self._alone(call) if isinstance(reply, NoScriptError) else reply
            for call, reply in zip(calls, replies, strict=True)
        ]

    def _alone(self, call: ScriptCall) -> Any:
        """Run one script, and give it to the server, too."""
        try:
            return self.script(call.name, intake=call.intake)(args=call.args)
        except redis.ResponseError as error:
            return error

    def now(self) -> float:
        """Return the time on Redis's clock, which all workers share, in epoch seconds."""
        seconds, micros = text_list(self.client.time())
        return int(seconds) + int(micros) / 1e6

    def set_due(self, queue: Queue, member: str, at: float) -> None:
        """Schedule a task (epoch seconds), also at maxmemory."""
        self.run("write", "ZADD", self.keys.due(queue), at, member)

    def clear_due(self, queue: Queue, member: str) -> None:
        self.client.zrem(self.keys.due(queue), member)


@cache
def _source(name: str) -> str:
    parts = ("lanes.fragment", "room.fragment", "holding.fragment", "history.fragment", name)
    return "".join((_FOLDER / f"{part}.lua").read_text(encoding="utf-8") for part in parts)


def text(value: Any) -> str:
    """Return a reply as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def text_list(values: Any) -> list[str]:
    return [text(value) for value in values]


def text_dict(reply: Any) -> dict[str, str]:
    """Return a hash from redis-py's reply, or from a script's, which is a flat list."""
    if isinstance(reply, dict):
        return {text(name): text(value) for name, value in reply.items()}
    flat = text_list(reply)
    return dict(zip(flat[::2], flat[1::2], strict=True))


def wall_clock() -> float:
    """Return this machine's time, in epoch seconds: for what people read, never for pace or leases."""
    return time.time()
