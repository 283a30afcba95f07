"""`pec deliveries`: the latest tries at a webhook endpoint, with its answers."""

import click

from cli import output
from cli.configured_names import ENDPOINT
from cli.shapes import local_time
from config.texts import _
from pec.operations.deliveries import MAX_KEPT, delivery_dict, list_deliveries
from pec.operations.names import require_endpoint
from pec.operations.session import open_session


@click.command()
@click.option("--endpoint", type=ENDPOINT, metavar="NAME", required=True)
@click.option("--failed", is_flag=True, help="Only tries that failed.")
@click.option("--limit", type=click.IntRange(1, 2 * MAX_KEPT), default=50, show_default=True)
@output.as_json
def deliveries(endpoint: str, failed: bool, limit: int, as_json: bool) -> None:
    """List the latest tries at a webhook endpoint, with its answers.

    Those of the last 7 days are kept: the latest 500 that arrived, and the latest 500 that failed.

    \b
    pec deliveries --endpoint crm
    pec deliveries --endpoint crm --failed --json
    """
    with open_session() as session:
        require_endpoint(session.store, session.settings, endpoint)
        tries = list_deliveries(session.store, endpoint, limit, failed_only=failed)
    if as_json:
        for one in tries:
            output.data(delivery_dict(one))
        return
    columns = (_("AT"), _("EVENT"), _("TYPE"), _("TRY"), _("STATUS"), _("MS"), _("WHY"))
    rows = [
        (
            local_time(one.at),
            one.event_id,
            one.type,
            one.tries,
            one.answer.status,
            round(one.answer.seconds * 1000),
            one.why,
        )
        for one in tries
    ]
    output.table(columns, rows)
