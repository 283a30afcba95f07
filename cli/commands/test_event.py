"""`pec test-event`: post a test event to a webhook endpoint."""

import click

from cli import output
from cli.configured_names import ENDPOINT
from pec.operations.deliveries import send_test_event
from pec.operations.session import open_session


@click.command("test-event")
@click.option("--endpoint", type=ENDPOINT, metavar="NAME", required=True)
def test_event(endpoint: str) -> None:
    """Post a test event to a webhook endpoint now.

    It is signed like any other, has the type `test`, and is posted once. The exit code is 3 if the endpoint does not
    take it. `pec deliveries` shows the answer.

    \b
    pec test-event --endpoint crm
    """
    with open_session() as session:
        output.note(send_test_event(session.settings, session.store, endpoint))
