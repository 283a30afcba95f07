"""`pec resume`: let an account, a batch or a webhook endpoint go on."""

import click

from cli import output
from cli.configured_names import ACCOUNT, ENDPOINT
from cli.session import Session, open_session
from pec.operations import actions
from pec.operations.diagnosis import remedy_of_pause

_BATCH = {
    "resumed": "Resumed: its messages are in line again.",
    "nothing_left": "Resumed: no message of it is left to send.",
    "not_paused": "It was not paused.",
}


@click.command()
@click.argument("account", type=ACCOUNT, required=False)
@click.option("--batch", help="A batch that was paused: each message gets its place in line back.")
@click.option("--endpoint", type=ENDPOINT, metavar="NAME", help="A webhook endpoint that answered 410.")
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
            output.note(_BATCH[actions.resume_batch(session.store, batch)])
        elif account is not None:
            resumed = actions.resume_account(session.store, session.settings, account)
            output.note("Resumed." if resumed else "It was not paused.")
        elif endpoint is not None:
            actions.enable_endpoint(session.store, session.settings, endpoint)
            output.note("Enabled: what waits is delivered now.")
        else:
            _resume_all(session)


def _resume_all(session: Session) -> None:
    for one in actions.resume_accounts(session.store, session.settings):
        if one.resumed:
            output.note(f"{one.account}: resumed")
        elif one.still_paused:
            output.note(f"{one.account}: still paused: {remedy_of_pause(one.account, one.still_paused)}")
        else:
            output.note(f"{one.account}: it was not paused")
