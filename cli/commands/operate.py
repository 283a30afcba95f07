"""`pec pause`, `resume`, `resend`, `discard`: what an operator decides."""

from collections.abc import Callable
from datetime import datetime
from difflib import get_close_matches

import click

from cli import batch_pauses, output
from cli.commands.status import missing
from cli.errors import Exit, Failure
from cli.session import Session, open_session
from pec.changes import Change
from pec.instants import from_epoch
from pec.messages import Message, Reason
from pec.operations.diagnosis import remedy_of_pause
from pec.record_json import message_dict
from pec.store import accounts, outbox, records
from pec.store.commits import update
from pec.store.store import text_list, wall_clock
from pec.transitions import NotAllowed, discarded, resend_asked


@click.command()
@click.argument("account", required=False)
@click.option("--batch", help="Only the messages of this batch, also those that are still to come.")
@click.option("--all", "every", is_flag=True, help="All accounts: to drain before an upgrade or a move.")
def pause(account: str | None, batch: str | None, every: bool) -> None:
    """Let the messages of an account or a batch wait. Nothing is lost; those already sent go on.

    \b
    pec pause --batch november
    pec pause acme
    pec pause --all
    """
    if (account is not None, batch is not None, every).count(True) != 1:
        raise click.UsageError("name an account, a batch, or all: pec pause ACCOUNT, or --batch B, or --all")
    with open_session() as session:
        if batch is not None:
            batch_pauses.pause(session, batch)
        elif account is not None:
            must_be_known(session, "account", account, session.settings.accounts)
            done = _pause(session, account)
            output.note(
                f"Paused: `pec resume {account}` lets it go on." if done else "It was paused already."
            )
        else:
            _pause_all(session)


def _pause(session: Session, account: str) -> bool:
    return accounts.pause(session.store, account, Reason(accounts.BY_OPERATOR, "paused by an operator"))


def _pause_all(session: Session) -> None:
    for name in _known_accounts(session):
        if _pause(session, name):
            output.note(f"{name}: paused")
        else:
            output.note(f"{name}: it was paused already")
    output.note("`pec resume --all` lets them go on, but for those that were paused for another reason.")


@click.command()
@click.argument("account", required=False)
@click.option("--batch", help="A batch that was paused: each message gets its place in line back.")
@click.option("--endpoint", metavar="NAME", help="A webhook endpoint that answered 410.")
@click.option("--all", "every", is_flag=True, help="All accounts that an operator paused.")
def resume(account: str | None, batch: str | None, endpoint: str | None, every: bool) -> None:
    """Let a paused account or batch, or a disabled webhook endpoint, go on.

    \b
    pec resume --batch november
    pec resume acme
    pec resume --all
    pec resume --endpoint crm
    """
    if (account is not None, batch is not None, endpoint is not None, every).count(True) != 1:
        raise click.UsageError(
            "name an account, a batch, all, or an endpoint: "
            "pec resume ACCOUNT, or --batch B, or --all, or --endpoint NAME"
        )
    with open_session() as session:
        if batch is not None:
            batch_pauses.resume(session, batch)
        elif account is not None:
            must_be_known(session, "account", account, session.settings.accounts)
            output.note("Resumed." if accounts.resume(session.store, account) else "It was not paused.")
        elif endpoint is not None:
            must_be_known(
                session, "endpoint", endpoint, [one.name for one in session.settings.webhooks.endpoints]
            )
            outbox.enable(session.store, endpoint)
            output.note("Enabled: what waits is delivered now.")
        else:
            _resume_all(session)


def _resume_all(session: Session) -> None:
    """What a worker paused has a cause, which is to be put right first."""
    for name in _known_accounts(session):
        if accounts.resume(session.store, name, only=accounts.BY_OPERATOR):
            output.note(f"{name}: resumed")
        elif reason := accounts.state_of(session.store, name).reason:
            output.note(f"{name}: still paused: {remedy_of_pause(name, reason)}")
        else:
            output.note(f"{name}: it was not paused")


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
    with open_session() as session:
        store = session.store
        try:
            message = update(
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


def _known_accounts(session: Session) -> list[str]:
    """Raises Failure where there is none: then it is the wrong Redis, or nothing is set up."""
    if known := sorted(_known(session, "account", session.settings.accounts)):
        return known
    raise Failure("there is no account: configure one, or check PEC_REDIS_URL", Exit.REJECTED)


def _known(session: Session, kind: str, configured: object) -> set[str]:
    """Those configured here, and those that a worker ever vouched for."""
    return {
        *text_list(configured),
        *text_list(session.store.client.zrange(session.store.keys.seen(kind), 0, -1)),
    }


def must_be_known(session: Session, kind: str, name: str, configured: object) -> None:
    """A name that is neither configured here nor was ever vouched for by a worker is a slip of the pen."""
    known = _known(session, kind, configured)
    if name not in known:
        near = get_close_matches(name, known, n=1)
        remedy = (
            f"did you mean {near[0]}?" if near else f"known are: {', '.join(sorted(known)) or 'none yet'}"
        )
        raise Failure(f"there is no {kind} {name}: {remedy}", Exit.REJECTED)
