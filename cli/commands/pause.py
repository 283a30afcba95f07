"""`pec pause`: let the messages of an account or a batch wait."""

import getpass
import socket

import click

from cli import output
from cli.configured_names import ACCOUNT
from config.texts import _
from pec.operations import actions
from pec.operations.paused_batches import said
from pec.operations.session import Session, open_session


@click.command()
@click.argument("account", type=ACCOUNT, required=False)
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
        raise click.UsageError(
            _("name an account, a batch, or all: pec pause ACCOUNT, or --batch B, or --all")
        )
    with open_session() as session:
        if batch is not None:
            _pause_batch(session, batch)
        elif account is not None:
            _pause_account(session, account)
        else:
            _pause_all(session)


def _pause_batch(session: Session, batch: str) -> None:
    done = actions.pause_batch(session.store, batch, _operator())
    if done.already:
        output.note(_("It was paused already."))
    if done.state:
        output.note(said(done.state, done.at))


def _pause_account(session: Session, account: str) -> None:
    done = actions.pause_account(session.store, session.settings, account)
    output.note(
        _("Paused: `pec resume {account}` lets it go on.").format(account=account)
        if done
        else _("It was paused already.")
    )


def _pause_all(session: Session) -> None:
    for name, done in actions.pause_accounts(session.store, session.settings).items():
        output.note(
            _("{account}: paused").format(account=name)
            if done
            else _("{account}: it was paused already").format(account=name)
        )
    output.note(_("`pec resume --all` lets them go on, but for those that were paused for another reason."))


def _operator() -> str:
    """Return `user@host`; a container's user may have no name."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return socket.gethostname()
