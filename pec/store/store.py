"""The store: one Redis, its keys and its scripts. The modules beside this one use them."""

import json
import os
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import redis
from redis.commands.core import Script
from redis.exceptions import NoScriptError

from pec.names import Queue
from pec.store.combiner import Combiner
from pec.store.keys import Keys

_FOLDER = Path(__file__).parent / "scripts"
# A result of the wire must be written down even when memory is full; intake must not fill it.
_AFTER_THE_WIRE = "#!lua flags=allow-oom\n"
_INTAKE = "#!lua\n"
# Scripts of which several calls can be one command.
_TOGETHER = ("commit", "finish_send", "pick", "read", "deliver", "reserve", "dispatch", "defer_to_scan")
# What scripts share. Each may use those before it.
_FRAGMENTS = ("basics", "lanes", "room", "holding", "history")
_LOCAL = re.compile(r"^local (?:function )?(\w+)", re.MULTILINE)
_COMMENTS = re.compile(r"^ *(--.*)?\n", re.MULTILINE)  # lines of their own, and empty ones
_WORD = re.compile(r"--.*|(\w+)")
_random = random.Random()  # noqa: S311 - not Python's own: a library that seeds that one would repeat ids
os.register_at_fork(after_in_child=_random.seed)
_MAX_TOGETHER = 20  # calls: a bound on the time of one step


@dataclass(frozen=True, slots=True)
class ScriptCall:
    """A script and its arguments, for `Store.pipeline` and `Store.together`."""

    name: str
    args: Sequence[str | bytes | float]
    intake: bool = False


class Store:
    """Shared by all threads of a process; holds no state but its connections, and what threads write at this moment."""

    def __init__(self, client: redis.Redis, namespace: str, replicas: int = 0) -> None:
        self.client = client
        self.keys = Keys(namespace)
        self.replicas = replicas
        self._scripts: dict[tuple[str, bool], Script] = {}
        self._combiner: Combiner[ScriptCall] = Combiner(lambda calls: self.pipeline(calls))

    def script(self, name: str, *, intake: bool = False) -> Script:
        """Return the script `scripts/<name>.lua`, which may run twice: redis-py repeats one whose reply was lost."""
        if (name, intake) not in self._scripts:
            self._scripts[name, intake] = self.client.register_script(_source(name, intake))
        return self._scripts[name, intake]

    def run(self, name: str, *args: str | bytes | float) -> Any:
        """Run a script with the namespace as its first argument."""
        arguments = [self.keys.namespace, *args]
        if name not in _TOGETHER:
            return self.script(name)(args=arguments)
        [reply] = self.together([ScriptCall(name, arguments)])
        if isinstance(reply, Exception):
            raise reply
        return reply

    def together(self, calls: Sequence[ScriptCall]) -> list[Any]:
        """Run scripts as `pipeline` does, in one command with those that other threads run at the same moment."""
        return self._combiner.run(calls)

    def pipeline(self, calls: Sequence[ScriptCall]) -> list[Any]:
        """Run scripts in one round trip, in this order. Return the reply of each, or the error that it ended with."""
        bundles = list(_bundles(calls))
        commands = [_command(bundle) for bundle in bundles]
        replies = [self._alone(commands[0])] if len(commands) == 1 else self._piped(commands)
        return [
            one
            for bundle, reply in zip(bundles, replies, strict=True)
            for one in (reply if isinstance(reply, list) and len(bundle) > 1 else [reply] * len(bundle))
        ]

    def _piped(self, commands: Sequence[ScriptCall]) -> list[Any]:
        with self.client.pipeline(transaction=False) as pipeline:
            for one in commands:
                self.script(one.name, intake=one.intake)(args=one.args, client=pipeline)
            pipeline.scripts.clear()  # else redis-py asks first, each time, whether the server has them
            replies: list[Any] = pipeline.execute(raise_on_error=False)
        return [
            self._alone(one) if isinstance(reply, NoScriptError) else reply
            for one, reply in zip(commands, replies, strict=True)
        ]

    def _alone(self, call: ScriptCall) -> Any:
        """Run one script. The server gets it, too, if it lacks it."""
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


def _bundles(calls: Sequence[ScriptCall]) -> Iterator[Sequence[ScriptCall]]:
    """Yield the calls in their order, with neighbours that can be one command together."""
    few: list[ScriptCall] = []
    for one in calls:
        joins = bool(few) and one.name in _TOGETHER and few[0].name in _TOGETHER
        if few and not (joins and one.intake == few[0].intake and len(few) < _MAX_TOGETHER):
            yield few
            few = []
        few.append(one)
    if few:
        yield few


def _command(bundle: Sequence[ScriptCall]) -> ScriptCall:
    if len(bundle) == 1:
        return bundle[0]
    calls = json.dumps([[one.name, len(one.args)] for one in bundle])
    return ScriptCall("together", [calls, *(arg for one in bundle for arg in one.args)], bundle[0].intake)


@cache
def _source(name: str, intake: bool) -> str:
    """Return a script behind its flags and the fragments that it uses: each call runs all that stands before it."""
    together = "".join(f"function scripts.{one}(ARGV)\n{_text_of(one)}end\n" for one in _TOGETHER)
    source = (f"local scripts = {{}}\n{together}" if name == "together" else "") + _text_of(name)
    for fragment in reversed(_FRAGMENTS):
        part = _text_of(f"{fragment}.fragment")
        if set(_LOCAL.findall(part)) & set(_WORD.findall(source)):
            source = part + source
    return (_INTAKE if intake else _AFTER_THE_WIRE) + source


def _text_of(script: str) -> str:
    """Return a script without its comment lines, which each process would keep in memory."""
    return _COMMENTS.sub("", (_FOLDER / f"{script}.lua").read_text(encoding="utf-8"))


def text(value: Any) -> str:
    """Return a reply as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def text_list(values: Any) -> list[str]:
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values]


def text_dict(reply: Any) -> dict[str, str]:
    """Return a hash from redis-py's reply, or from a script's, which is a flat list."""
    if isinstance(reply, dict):
        return {text(name): text(value) for name, value in reply.items()}
    flat = text_list(reply)
    return dict(zip(flat[::2], flat[1::2], strict=True))


def unique() -> str:
    """Return 64 random bits as a short text. Not a secret: the kernel is not asked for each, so it can be guessed."""
    return f"{_random.getrandbits(64):x}"


def wall_clock() -> float:
    """Return this machine's time, in epoch seconds: for what people read, never for pace or leases."""
    return time.time()
