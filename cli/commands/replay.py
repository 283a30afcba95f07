"""`pec replay`: deliver events to a webhook endpoint again."""

from datetime import datetime

import click

from cli import output
from cli.configured_names import ENDPOINT
from cli.instant import INSTANT
from config.texts import _, ngettext
from pec.operations import actions
from pec.operations.session import open_session


@click.command()
@click.option("--endpoint", type=ENDPOINT, metavar="NAME", required=True)
@click.option("--dead", "dead_letters", is_flag=True, help="Deliveries that were given up.")
@click.option("--since", type=INSTANT, metavar="INSTANT", help="All events since then (RFC 3339).")
@output.as_json
def replay(endpoint: str, dead_letters: bool, since: datetime | None, as_json: bool) -> None:
    """Deliver events to an endpoint again, with the same webhook-id.

    \b
    pec replay --endpoint crm --dead
    pec replay --endpoint crm --since 2026-11-23T09:30:00+01:00
    """
    if dead_letters == (since is not None):
        raise click.UsageError(_("say what to replay: --dead, or --since INSTANT"))
    replayed: int | bool
    with open_session() as session:
        if since is None:
            replayed = actions.replay_dead(session.store, session.settings, endpoint)
            done = ngettext("{count} on its way again.", "{count} on their way again.", replayed).format(
                count=replayed
            )
        else:
            replayed = actions.replay_since(session.store, endpoint, since)
            done = (
                _("On its way again.")
                if replayed
                else _(
                    "Endpoint {endpoint} has not reached that point yet: it will receive those events anyway."
                ).format(endpoint=endpoint)
            )
    if as_json:
        output.data({"endpoint": endpoint, "replayed": replayed})
    else:
        output.note(done)
