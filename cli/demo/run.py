"""The demo's course: start the stack, enqueue, watch, check against the plan, report."""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli import output
from cli.demo.bundle import ANCHOR, make_bundle
from cli.demo.plan import BATCH, Planned, jobs, planned
from cli.demo.report import as_data, as_table, is_proved, problems, rows
from cli.demo.stack import SECRET, START_SECONDS, Stack, StackError, start_stack
from cli.demo.visit import open_console, stay
from cli.language import translated
from config.texts import _, joined
from pec.messages import Message
from pec.names import Queue
from pec.operations.events import published_ids
from pec.operations.messages.listing import read_messages
from pec.operations.messages.receipts import load_receipts
from pec.operations.status.live_workers import served_queues
from pec.operations.status.state_counts import count_of
from producers.producer import Producer
from sandbox.webhook_receiver import Received, receiving

RUN_SECONDS = 55.0
WEBHOOK_SECONDS = 10.0
LOOK_SECONDS = 0.2
PIPED_WIDTH = 140  # a file has no edge to fold at


def run(*, as_json: bool, with_console: bool) -> int:
    """Return 0 if every message ended as planned, with nothing lost and nothing sent twice; else 1.

    With a console, stay until Ctrl-C.
    """
    started = time.monotonic()
    plan, received = planned(), Received(SECRET)
    with (
        tempfile.TemporaryDirectory(prefix="pec-demo-") as folder,
        receiving(received) as url,
        start_stack(Path(folder), url, with_console=with_console) as where,
        Producer(where.redis_url) as producer,
    ):
        _wait_for_workers(producer, Path(folder))
        console = open_console(producer, where) if with_console else ""
        messages = _send_and_watch(producer, plan)
        published = _wait_for_webhooks(producer, received)
        receipts = {one: _kinds(producer, one) for one in messages}
        found = rows(plan, messages, receipts, received)
        wrong = problems(plan, found, _ledger(where), published, received)
        proof = make_bundle(producer, where)
        seconds = time.monotonic() - started
        if as_json:
            print(json.dumps(as_data(found, wrong, seconds, proof), ensure_ascii=False, indent=2))  # noqa: T201 - the data
        else:
            _show(found, wrong, seconds, proof)
        if console:
            stay(console)
    return 1 if wrong else 0


def _wait_for_workers(producer: Producer, folder: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while Queue.SEND not in served_queues(producer.store):
        if time.monotonic() > ends:
            log = (folder / "workers.log").read_text(encoding="utf-8")
            raise StackError(_("the workers did not start: {log}").format(log=log[-1000:]))
        time.sleep(0.05)  # they register when they are ready


def _send_and_watch(producer: Producer, plan: Sequence[Planned]) -> Mapping[str, Message]:
    """Enqueue, and watch until every message has its planned state and its proof, or time is up."""
    producer.batch(BATCH, size=len(plan))
    producer.send_many(jobs(list(plan)))
    expected = {one.id: one.ends for one in plan}
    ends = time.monotonic() + RUN_SECONDS
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[states]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        doing = translated(_("sending, then waiting for receipts"))
        bar = progress.add_task(doing, total=len(plan), states="")
        while True:
            messages = {one.id: one for one in read_messages(producer.store, expected)}
            done = sum(
                one.state is expected[one.id] and is_proved(one.state, one.proof) for one in messages.values()
            )
            progress.update(bar, completed=done, states=_states(messages.values()))
            if done == len(expected) or time.monotonic() > ends:
                return messages
            time.sleep(LOOK_SECONDS)  # the picture is renewed five times a second


def _states(messages: Any) -> str:
    counts = Counter(message.state for message in messages)
    return translated(joined(", ", (count_of(state, count) for state, count in counts.most_common())))


def _wait_for_webhooks(producer: Producer, received: Received) -> set[str]:
    """Return the ids of all published events, once all have come or time is up."""
    ends = time.monotonic() + WEBHOOK_SECONDS
    while True:
        published = published_ids(producer.store)
        if published <= set(received.events) or time.monotonic() > ends:
            return published
        time.sleep(LOOK_SECONDS)  # deliveries have no signal to wait for


def _kinds(producer: Producer, message_id: str) -> list[str]:
    return [str(receipt.kind) for _, receipt in load_receipts(producer.store, message_id)]


def _ledger(where: Stack) -> list[dict[str, Any]]:
    """Return the list of what the sandbox really sent."""
    answer: Any = requests.get(f"{where.sandbox_url}/_sandbox/sent", timeout=10).json()
    found: list[dict[str, Any]] = answer
    return found


def _show(found: Sequence[Any], wrong: Sequence[str], seconds: float, proof: Path) -> None:
    out = Console()
    if not out.is_terminal:
        out.width = PIPED_WIDTH
    out.print(as_table(found, translated))
    console = Console(stderr=True)
    for problem in wrong:
        console.print("[bold red]✗[/]", translated(problem))
    if not wrong:
        well = _(
            "{messages} messages ended as their stories say in {seconds} s: none lost, none sent twice, "
            "every webhook came."
        ).format(messages=len(found), seconds=format(seconds, ".0f"))
        console.print("[green]✓[/]", translated(well))
        output.note(_("Their proof, as a bundle: {folder}").format(folder=proof))
        command = f"{sys.argv[0]} verify {proof} --anchors {proof / ANCHOR}"
        output.note(_("Judge it again: {command}").format(command=command))
        output.note(_("Next: the README says how to send your own; `pec --help` lists the commands."))
    sys.stdout.flush()
