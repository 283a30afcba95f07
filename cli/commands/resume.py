"""`pec resume`: end the pause of an account, a batch or a webhook endpoint."""

import click

from cli import output
from cli.configured_names import ACCOUNT, ENDPOINT
from config.texts import _, ngettext
from pec.operations import actions
from pec.operations.session import Session, open_session
from pec.operations.status.diagnosis import remedy_of_pause

_BATCH = {
    "resumed": _("Resumed batch {batch}: its messages are in line again."),
    "nothing_left": _("Resumed batch {batch}: it has no message left to send."),
    "not_paused": _("Batch {batch} was not paused."),
}


@click.command()
@click.argument("account", type=ACCOUNT, required=False)
@click.option("--batch", help="A paused batch: each message returns to its place in line.")
@click.option(
    "--endpoint", type=ENDPOINT, metavar="NAME", help="A webhook endpoint that is back: deliver what waits."
)
@click.option("--all", "every", is_flag=True, help="All accounts that an operator paused.")
def resume(account: str | None, batch: str | None, endpoint: str | None, every: bool) -> None:
    """Resume a paused account or batch, or deliver what waits for a webhook endpoint that is back.

    \b
    pec resume --batch november
    pec resume acme
    pec resume --all
    pec resume --endpoint crm
    """
    if (account is not None, batch is not None, endpoint is not None, every).count(True) != 1:
        raise click.UsageError(
            _(
                "name an account, a batch, all, or an endpoint: pec resume ACCOUNT, or --batch B, or "
                "--all, or --endpoint NAME"
            )
        )
    with open_session() as session:
        if batch is not None:
            output.note(_BATCH[actions.resume_batch(session.store, batch)].format(batch=batch))
        elif account is not None:
            resumed = actions.resume_account(session.store, session.settings, account)
            said = _("Resumed account {account}.") if resumed else _("Account {account} was not paused.")
            output.note(said.format(account=account))
        elif endpoint is not None:
            count = actions.enable_endpoint(session.store, session.settings, endpoint)
            said = ngettext(
                "{count} delivery to endpoint {endpoint} waits, and is tried now.",
                "{count} deliveries to endpoint {endpoint} wait, and are tried now.",
                count,
            )
            output.note(said.format(count=count, endpoint=endpoint))
        else:
            _resume_all(session)


def _resume_all(session: Session) -> None:
    for one in actions.resume_accounts(session.store, session.settings):
        if one.resumed:
            output.note(_("{account}: resumed").format(account=one.account))
        elif one.still_paused:
            output.note(
                _("{account}: still paused: {why}").format(
                    account=one.account, why=remedy_of_pause(one.account, one.still_paused)
                )
            )
        else:
            output.note(_("{account}: it was not paused").format(account=one.account))
