"""`pec pause`: make the messages of an account or a batch wait."""

import click

from cli import output
from cli.configured_names import ACCOUNT
from cli.operator_name import operator_name
from config.texts import _
from pec.operations import actions
from pec.operations.session import Session, open_session
from pec.operations.status.paused_batches import said


@click.command()
@click.argument("account", type=ACCOUNT, required=False)
@click.option("--batch", help="A batch: its messages wait, and so do those that are added to it later.")
@click.option("--all", "every", is_flag=True, help="Every account, before an upgrade or a move.")
def pause(account: str | None, batch: str | None, every: bool) -> None:
    """Pause an account or a batch: its unsent messages wait. Nothing is lost.

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
    done = actions.pause_batch(session.store, batch, operator_name())
    if done.already:
        output.note(_("Batch {batch} was paused already.").format(batch=batch))
    if done.state:
        output.note(said(done.state, done.at))


def _pause_account(session: Session, account: str) -> None:
    done = actions.pause_account(session.store, session.settings, account)
    said = (
        _("Account {account} is paused: `pec resume {account}` ends the pause.")
        if done
        else _("Account {account} was paused already.")
    )
    output.note(said.format(account=account))


def _pause_all(session: Session) -> None:
    for name, done in actions.pause_accounts(session.store, session.settings).items():
        output.note(
            _("{account}: paused").format(account=name)
            if done
            else _("{account}: it was paused already").format(account=name)
        )
    output.note(_("`pec resume --all` ends these pauses, but none that has another reason."))
