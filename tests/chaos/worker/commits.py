"""The points of death around scripts of Redis and Dramatiq's acknowledgement, and notes of what was committed."""

import json
import os
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from tests.chaos.worker.journal import MACHINE, hit, mine, note

CHANCE = random.Random(f"{os.environ['CHAOS_SEED']} {MACHINE} {os.environ['CHAOS_START']}")
TRACED = "CHAOS_TRACE" in os.environ  # whether each task's begin and end are noted
UNPUBLISHED = os.environ.get("CHAOS_UNPUBLISHED", "")  # the events that are dropped, to test the checker
AFTER_SCRIPT = {
    "pick": "picked",
    "dispatch": "hinted",
    "deliver": "delivery-taken",
}
ORIGINAL = re.compile(r'"original\\*":{')  # in the commit that adds one to a receipt
BEFORE_SCRIPT = {"pick": "hint-taken", "finish_send": "committed", "deliver": "delivery-posted"}


def wrap() -> None:
    _wrap_store()
    _wrap_acknowledgement()


def _wrap_store() -> None:
    """In place, because others may have taken the class already."""
    from pec.store.store import ScriptCall, Store

    script_of, piped = Store.script, Store.pipeline

    def script(self: Store, name: str, *, intake: bool = False) -> Any:
        found = script_of(self, name, intake=intake)

        def run(*args: Any, **options: Any) -> Any:
            if name == "commit" and UNPUBLISHED:
                options["args"] = [_without(UNPUBLISHED, options["args"][0]), *options["args"][1:]]
            if name in BEFORE_SCRIPT and options["args"][-1] != "[]":  # a turn begins with none posted
                hit(BEFORE_SCRIPT[name])
            if intake:
                hit("taken")
            reply = found(*args, **options)
            _note_task(name, options["args"], reply, queued=getattr(mine, "piping", False))
            _hit_after(name, options["args"], reply, intake=intake)
            return reply

        run.script = found.script  # type: ignore[attr-defined]  # its text, for a server that lost it
        return run

    def pipeline(self: Store, calls: Sequence[ScriptCall]) -> list[Any]:
        """Now in one write, now one after the other, with deaths between as where the server dies in the middle."""
        mine.piping = True  # also for a script that the server had forgotten and that is run alone
        try:
            if CHANCE.random() < 0.5 and len(calls) > 1 and not UNPUBLISHED:
                replies = _at_once(lambda: piped(self, calls), calls)
            else:
                replies = [reply for one in calls for reply in piped(self, [one])]
        finally:
            mine.piping = False
        _note_settled(calls, replies)
        return replies

    Store.script, Store.pipeline = script, pipeline  # type: ignore[method-assign]


def _at_once(run: Callable[[], list[Any]], calls: Sequence[Any]) -> list[Any]:
    """Run calls in one command, with the points of death and the notes of each before it and after it."""
    for one in calls:
        if one.name in BEFORE_SCRIPT and one.args[-1] != "[]":
            hit(BEFORE_SCRIPT[one.name])
        if one.intake:
            hit("taken")
    replies = run()
    for one, reply in zip(calls, replies, strict=True):
        if not isinstance(reply, Exception):
            _note_task(one.name, one.args, reply, queued=True)
            _hit_after(one.name, one.args, reply, intake=one.intake)
    return replies


def _hit_after(name: str, args: Sequence[Any], reply: Any, *, intake: bool) -> None:
    if name in AFTER_SCRIPT and _did_something(name, reply):
        hit(AFTER_SCRIPT[name])
    if intake:
        hit("job-committed")
    elif name == "commit" and ORIGINAL.search(args[0]):
        hit("originals-committed")


def _without(event_type: str, payload: str) -> str:
    """A commit that publishes fewer events than changes."""
    commit = json.loads(payload)
    commit["commands"] = [command for command in commit["commands"] if event_type not in command]
    return json.dumps(commit)


def _note_settled(calls: Sequence[Any], replies: Sequence[Any]) -> None:
    before: Any = None
    for one, reply in zip(calls, replies, strict=True):
        if (
            one.name == "finish_send"
            and not isinstance(reply, Exception)
            and not isinstance(before, Exception)
        ):
            note(settled=one.args[2])
        before = reply


def _did_something(name: str, reply: Any) -> bool:
    """Whether there was anything to pick, to hand out, to deliver."""
    match name:
        case "pick":
            return bool(reply[0] == b"picked")
        case "dispatch":
            return bool(reply[1]) or any(len(taken) > 1 for taken in reply[2])
    return bool(reply)


def _note_task(name: str, args: Sequence[Any], reply: Any, *, queued: bool) -> None:
    """Note facts for the checker and the measurement of deaths. `queued`: in a pipeline, it has not happened yet."""
    match name:
        case "pick" if reply[0] == b"picked":
            note(picked=reply[2].decode())
        case "finish_send" if not queued:
            note(settled=args[2])
        case "dispatch" if TRACED:
            _note_hints(reply)
        case "commit" if TRACED and (not isinstance(reply, list) or reply[0] in (b"applied", b"repeated")):
            for record in json.loads(args[0])["records"]:  # those of a pipeline a moment before they change
                note(committed=record["key"].rpartition(":message:")[2])


def _note_hints(reply: Any) -> None:
    """Note the work taken under a lease, and its queue."""
    _, _, taken, *_ = reply
    for queue, *members in taken:
        for member in members[::2]:
            note(hinted=[queue.decode(), member.decode()])


def _wrap_acknowledgement() -> None:
    import workers.broker as broker

    consumer: Any = broker.HintConsumer
    acknowledge = consumer.ack

    def ack(self: Any, message: Any) -> None:
        hit("before-ack")
        acknowledge(self, message)

    consumer.ack = ack
