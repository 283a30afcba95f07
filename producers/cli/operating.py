"""`pec pause`, `resume`, `resend`, `discard`: what an operator decides."""

from collections.abc import Callable
from datetime import datetime
from difflib import get_close_matches

import click

from pec.changes import Change
from pec.instants import from_epoch
from pec.messages import Message, Reason
from pec.store import accounts, outbox, records
from pec.store.commits import decide
from pec.store.store import text_list, wall_clock
from pec.transitions import NotAllowed, discarded, resend_asked
from producers.cli import output
from producers.cli.errors import Exit, Failure
from producers.cli.session import Session, session
from producers.cli.shapes import message_dict
from producers.cli.status import missing


@click.command()
@click.argument("account")
def pause(account: str) -> None:
    """Let an account's messages wait. Nothing is lost; those already sent go on.

    \b
    pec pause acme
    """
    with session() as here:
        _must_be_known(here, "account", account, here.settings.accounts)
        done = accounts.pause(here.store, account, Reason(accounts.BY_OPERATOR, "paused by an operator"))
        output.note(f"Paused: `pec resume {account}` lets it go on." if done else "It was paused already.")


@click.command()
@click.argument("account", required=False)
@click.option("--endpoint", metavar="NAME", help="A webhook endpoint that answered 410.")
def resume(account: str | None, endpoint: str | None) -> None:
    """Let a paused account, or a disabled webhook endpoint, go on.

    \b
    pec resume acme
    pec resume --endpoint crm
    """
    if (account is None) == (endpoint is None):
        raise click.UsageError("name an account or an endpoint: pec resume ACCOUNT, or --endpoint NAME")
    with session() as here:
        if account is not None:
            _must_be_known(here, "account", account, here.settings.accounts)
            output.note("Resumed." if accounts.resume(here.store, account) else "It was not paused.")
        elif endpoint is not None:
            _must_be_known(here, "endpoint", endpoint, [one.name for one in here.settings.webhooks.endpoints])
            outbox.enable(here.store, endpoint)
            output.note("Enabled: what waits is delivered now.")


@click.command()
@click.argument("message_id", metavar="ID")
@output.as_json
def resend(message_id: str, as_json: bool) -> None:
    """Send a held message again, after one more look for it.

    \b
    pec resend inv-2026-001
    """
    _decide(message_id, resend_asked, "Asked: it is looked for once more, then sent again.", as_json=as_json)


@click.command()
@click.argument("message_id", metavar="ID")
@output.as_json
def discard(message_id: str, as_json: bool) -> None:
    """Give a held message up: it becomes failed.

    \b
    pec discard inv-2026-001
    """
    _decide(message_id, discarded, "Discarded.", as_json=as_json)


def _decide(
    message_id: str, choose: Callable[[Message, datetime], Change], said: str, *, as_json: bool
) -> None:
    with session() as here:
        store = here.store
        try:
            message = decide(
                store,
                lambda: records.read(store, message_id),
                lambda found: choose(found, from_epoch(wall_clock())),
            )
        except NotAllowed as refused:
            raise Failure(f"{message_id} {refused}", Exit.REJECTED) from None
        if message is None:
            raise missing(store, message_id)
        if as_json:
            output.data(message_dict(message))
        output.note(said)


def _must_be_known(here: Session, kind: str, name: str, configured: object) -> None:
    """A name that is neither configured here nor was ever vouched for by a worker is a slip of the pen."""
    known = {*text_list(configured), *text_list(here.store.client.zrange(here.store.keys.seen(kind), 0, -1))}
    if name not in known:
        near = get_close_matches(name, known, n=1)
        remedy = (
            f"did you mean {near[0]}?" if near else f"known are: {', '.join(sorted(known)) or 'none yet'}"
        )
        raise Failure(f"there is no {kind} {name}: {remedy}", Exit.REJECTED)
