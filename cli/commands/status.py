"""`pec status` and `pec list`: where things stand, from the whole down to one message."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import click

from cli import output
from cli.batch_names import note_unknown
from cli.overview import show
from cli.overview_data import as_dict
from cli.rejected import list_rejected
from cli.session import Session, open_session
from cli.shapes import COLUMNS, row
from cli.state_name import states_option
from cli.timeline import Due, as_data, when
from cli.timeline import show as show_timeline
from pec.instants import to_text
from pec.messages import Message, UnsupportedRecord
from pec.names import Queue, State
from pec.operations.absent import absent
from pec.operations.diagnosis import WaitContext, explain_wait
from pec.operations.load_overview import load_overview
from pec.operations.wait_context import load_wait_context
from pec.record_json import message_dict
from pec.store import records
from pec.store.store import Store
from pec.timeline import timeline

_MAX_LOOKED_AT = 10_000  # of each state, newest first


@click.command()
@click.argument("message_id", metavar="[ID]", required=False)
@output.as_json
def status(message_id: str | None, as_json: bool) -> None:
    """Show where everything stands, or with an ID its timeline and why it waits.

    \b
    pec status
    pec status inv-2026-001
    pec status --json | jq .messages.held
    """
    with open_session() as session:
        if message_id is not None:
            _status_of(session, message_id, as_json=as_json)
            return
        found = load_overview(session.store, session.settings)
        if as_json:
            output.data(as_dict(found))
        else:
            show(found)


@click.command("list")
@states_option
@click.option("--batch", help="Only this batch, in the order of intake.")
@click.option("--account", help="Only this mailbox.")
@click.option("--rejected", is_flag=True, help="Jobs that were not taken, and why, in place of messages.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@output.as_json
def list_messages(
    states: tuple[State, ...],
    batch: str | None,
    account: str | None,
    rejected: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List messages, or rejected jobs, newest first.

    \b
    pec list --state held
    pec list --batch november --state undelivered --json
    pec list --rejected
    """
    if rejected:
        if states:
            raise click.UsageError(
                "--state: a job that was rejected has none: leave out --state or --rejected"
            )
        list_rejected(batch, account, limit, as_json=as_json)
        return
    with open_session() as session:
        strangers: list[UnsupportedRecord] = []
        found = _found(session.store, states, batch, strangers.append)
        wanted = (one for one in found if _fits(one, states, account))
        chosen = list(islice(wanted, limit))
        if batch:
            note_unknown(session, batch)
    if as_json:
        for message in chosen:
            output.data(message_dict(message))
    else:
        output.table(COLUMNS, map(row, chosen))
        if len(chosen) == limit:
            output.note(f"The first {limit}: --limit shows more.")
    if strangers:
        output.note(
            f"{len(strangers)} messages were written by a newer version and are left out: upgrade this one"
        )


def _status_of(session: Session, message_id: str, *, as_json: bool) -> None:
    messages = session.producer.status(message_id)
    if not messages:
        raise absent(session.store, message_id)
    receipts = session.producer.receipts(message_id)
    for number, message in enumerate(messages):
        around = load_wait_context(session.store, session.settings, message)
        why = explain_wait(message, around)
        happened = timeline(message, receipts.get(message.id, ()))
        due = _due(message, around)
        if as_json:
            turn_at = around.turn_at and to_text(around.turn_at)
            output.data(
                {
                    **message_dict(message),
                    "why": why,
                    "position": around.position,
                    "turn_at": turn_at,
                    **as_data(happened, due),
                }
            )
        else:
            click.echo("\n" * bool(number), nl=False)
            _show(message, why)
            click.echo()
            show_timeline(happened, due)


def _due(message: Message, around: WaitContext) -> Due:
    """Return what is next; of a message in line, its turn, or None if that cannot be told."""
    in_line = message.state is State.QUEUED and Queue.RELEASE not in around.due
    return {**around.due, Queue.SEND: around.turn_at} if in_line else around.due


def _show(message: Message, why: str) -> None:
    instants = (
        "created_at", "sent_at", "accepted_at", "delivered_at", "undelivered_at", "refused_at", "ended_at",
    )  # fmt: skip
    known = {name: getattr(message, name) for name in instants}
    output.facts(
        [
            ("id", message.id),
            ("state", message.state),
            ("why", why),
            ("account", message.account),
            ("recipient", ", ".join(message.recipients) or None),
            *((address, state) for address, state in message.outcomes.items()),
            ("subject", message.sent_subject),
            ("batch", message.batch),
            ("code", message.code),
            ("attempts", message.attempts or None),
            *((name, when(instant)) for name, instant in known.items() if instant),
        ]
    )


def _found(
    store: Store, states: Sequence[State], batch: str | None, strangers: records.OnUnsupported
) -> Iterator[Message]:
    if batch:
        return records.read_all(store, records.ids_of_batch(store, batch), strangers)
    return records.read_all(store, _newest(store, states), strangers)


def _newest(store: Store, states: Sequence[State]) -> Iterable[str]:
    newest = store.client.pipeline(transaction=False)
    for one in states or State:
        newest.zrevrange(store.keys.state(one), 0, _MAX_LOOKED_AT - 1, withscores=True)
    found = sorted((pair for pairs in newest.execute() for pair in pairs), key=lambda pair: -pair[1])
    return (message_id.decode() for message_id, _ in found[:_MAX_LOOKED_AT])


def _fits(message: Message, states: Sequence[State], account: str | None) -> bool:
    return (not states or message.state in states) and (account is None or message.account == account)
