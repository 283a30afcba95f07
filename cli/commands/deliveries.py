"""`pec dead` and `pec replay`: webhook deliveries that were given up, and having them again."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from cli import output
from cli.commands.operate import must_be_known
from cli.errors import Exit, Failure
from cli.session import open_session
from pec.instants import from_text
from pec.store import dead_letters, outbox


def _instant(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    try:
        return from_text(value) if value else None
    except ValueError:
        raise click.BadParameter("is not an RFC 3339 instant such as 2026-11-23T09:30:00+01:00") from None


@click.command()
@click.option("--endpoint", metavar="NAME", help="Only this one's.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@output.as_json
def dead(endpoint: str | None, limit: int, as_json: bool) -> None:
    """List webhook deliveries that were given up, newest first.

    \b
    pec dead --endpoint crm
    """
    with open_session() as session:
        letters = dead_letters.newest(session.store, endpoint, limit)
    if as_json:
        for letter in letters:
            output.data(asdict(letter))
        return
    columns = ("ENDPOINT", "EVENT", "TYPE", "AT", "TRIES", "WHY", "REPLAYED")
    output.table(columns, (_row(letter) for letter in letters))
    if letters:
        output.note(f"Deliver them again: `pec replay --endpoint {letters[0].endpoint} --dead`")


@click.command()
@click.option("--endpoint", metavar="NAME", required=True)
@click.option("--dead", "given_up", is_flag=True, help="Deliveries that were given up.")
@click.option("--since", metavar="INSTANT", callback=_instant, help="All events since then (RFC 3339).")
@output.as_json
def replay(endpoint: str, given_up: bool, since: datetime | None, as_json: bool) -> None:
    """Deliver events to an endpoint again, with the same webhook-id.

    \b
    pec replay --endpoint crm --dead
    pec replay --endpoint crm --since 2026-11-23T09:30:00+01:00
    """
    if given_up == (since is not None):
        raise click.UsageError("say what to replay: --dead, or --since INSTANT")
    with open_session() as session:
        if since is None:
            must_be_known(
                session, "endpoint", endpoint, [one.name for one in session.settings.webhooks.endpoints]
            )
            count = dead_letters.replay(session.store, endpoint)
            _tell({"endpoint": endpoint, "replayed": count}, f"{count} on their way again.", as_json)
            return
        try:
            moved = outbox.replay_since(session.store, endpoint, since)
        except LookupError as error:
            raise Failure(f"{error.args[0]}: `pec status` lists endpoints", Exit.REJECTED) from None
        said = "On its way again." if moved else "It has not got that far yet: nothing is to be repeated."
        _tell({"endpoint": endpoint, "replayed": moved}, said, as_json)


def _tell(fields: dict[str, Any], said: str, as_json: bool) -> None:
    if as_json:
        output.data(fields)
    else:
        output.note(said)


def _row(letter: dead_letters.DeadLetter) -> tuple[object, ...]:
    replayed = "yes" if letter.replayed else "no"
    return letter.endpoint, letter.event_id, letter.type, letter.at, letter.tries, letter.why, replayed
