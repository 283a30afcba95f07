"""`pec poll`: follow a PEC that another program sent."""

import secrets

import click

from cli import output
from cli.configured_names import ACCOUNT
from cli.enqueued import show_enqueued
from cli.follow import follow, timeout_option
from pec.operations.session import open_session
from producers.producer import Producer


@click.command()
@click.argument("code")
@click.option("--account", type=ACCOUNT, required=True, help="The mailbox that sent it.")
@click.option("--subject", help="Its subject, if known.")
@click.option("--recipient", help="Its recipient, if known.")
@click.option("--id", "job_id", help="Your id. Default: a random one.")
@click.option("--wait", is_flag=True, help="Follow it to its end.")
@timeout_option
@output.as_json
def poll(
    code: str,
    account: str,
    subject: str | None,
    recipient: str | None,
    job_id: str | None,
    wait: bool,
    timeout: float | None,
    as_json: bool,
) -> None:
    """Follow the receipts of a PEC sent elsewhere, by its CODE. Prints the id it gets.

    \b
    pec poll 2020082610003492 --account acme --wait
    """
    with open_session() as session:
        name = job_id or f"poll-{secrets.token_hex(8)}"
        job = Producer.on(session.store).poll(name, account, code, subject, recipient)
        show_enqueued(session, job, as_json=as_json, quiet=wait)
        if wait:
            follow(session, [job], timeout_seconds=timeout, as_json=as_json)
