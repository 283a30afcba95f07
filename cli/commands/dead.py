"""`pec dead`: webhook deliveries that were given up."""

import click

from cli import output
from cli.configured_names import ENDPOINT
from cli.shapes import local_text
from config.texts import _
from pec.operations.dead_letters import dead_letter_dict, list_dead_letters
from pec.operations.names import require_endpoint
from pec.operations.session import open_session


@click.command()
@click.option("--endpoint", type=ENDPOINT, metavar="NAME", help="Only this one's.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@output.as_json
def dead(endpoint: str | None, limit: int, as_json: bool) -> None:
    """List webhook deliveries that were given up, newest first.

    \b
    pec dead --endpoint crm
    """
    with open_session() as session:
        if endpoint:
            require_endpoint(session.store, session.settings, endpoint)
        letters = list_dead_letters(session.store, endpoint, limit)
    if as_json:
        for letter in letters:
            output.data(dead_letter_dict(letter))
        return
    columns = (_("ENDPOINT"), _("EVENT"), _("TYPE"), _("AT"), _("TRIES"), _("WHY"), _("REPLAYED"))
    rows = [
        (
            one.endpoint,
            one.event_id,
            one.type,
            local_text(one.at),
            one.tries,
            one.why,
            _("yes") if one.replayed else _("no"),
        )
        for one in letters
    ]
    output.table(columns, rows)
    if letters:
        output.note(
            _("Deliver them again: `pec replay --endpoint {endpoint} --dead`").format(
                endpoint=letters[0].endpoint
            )
        )
