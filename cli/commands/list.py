"""`pec list`: messages by state, batch and account, or jobs that were rejected."""

import click

from cli import output
from cli.batch_names import note_unknown
from cli.configured_names import ACCOUNT
from cli.shapes import COLUMNS, REJECTED_COLUMNS, rejection_rows, row
from cli.state_name import states_option
from config.texts import _, ngettext
from pec.names import State
from pec.operations.messages.listing import list_messages
from pec.operations.rejections import list_rejections, rejection_dict
from pec.operations.session import open_session
from pec.record_json import message_dict


@click.command("list")
@states_option
@click.option("--batch", help="Only this batch, in the order of intake.")
@click.option("--account", type=ACCOUNT, help="Only this mailbox.")
@click.option("--rejected", is_flag=True, help="Jobs that were not taken, and why, in place of messages.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@output.as_json
def list_(
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
    if not rejected:
        _list_messages(states, batch, account, limit, as_json=as_json)
    elif states:
        raise click.UsageError(
            _("--state: a job that was rejected has none: leave out --state or --rejected")
        )
    else:
        _list_rejected(batch, account, limit, as_json=as_json)


def _list_messages(
    states: tuple[State, ...], batch: str | None, account: str | None, limit: int, *, as_json: bool
) -> None:
    with open_session() as session:
        found = list_messages(session.store, states=states, batch=batch, account=account, limit=limit)
        if batch:
            note_unknown(session, batch)
    if as_json:
        for message in found.messages:
            later = found.replaced_by.get(message.id)
            output.data({**message_dict(message), **({"replaced_by": later} if later else {})})
    else:
        output.table(COLUMNS, (row(one, found.replaced_by.get(one.id)) for one in found.messages))
        _note_limit(len(found.messages), limit)
    if found.unsupported:
        output.note(
            ngettext(
                "{count} message was written by a newer version and is left out: upgrade this one",
                "{count} messages were written by a newer version and are left out: upgrade this one",
                found.unsupported,
            ).format(count=found.unsupported)
        )


def _list_rejected(batch: str | None, account: str | None, limit: int, *, as_json: bool) -> None:
    with open_session() as session:
        found = list_rejections(session.store, batch=batch, account=account, limit=limit)
    if as_json:
        for one in found:
            output.data(rejection_dict(one))
        return
    output.table(REJECTED_COLUMNS, (row for one in found for row in rejection_rows(one)))
    _note_limit(len(found), limit)


def _note_limit(count: int, limit: int) -> None:
    if count == limit:
        output.note(
            ngettext(
                "The first one: --limit shows more.", "The first {count}: --limit shows more.", limit
            ).format(count=limit)
        )
