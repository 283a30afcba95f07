"""`pec status`: where everything stands, or one message and why it waits."""

import click

from cli import output
from cli.language import translated
from cli.overview import show as show_overview
from cli.sites import show as show_sites
from cli.timeline import show as show_timeline
from cli.timeline import when
from config.settings import load_settings
from config.texts import _
from pec.names import Proof, State
from pec.operations.messages.message_detail import MessageDetail, detail_dict, load_details
from pec.operations.session import open_session
from pec.operations.status.load_overview import load_overview
from pec.operations.status.overview_json import overview_dict

_PROOF = {
    Proof.ORIGINALS: _("complete, with signed originals: pec proof {id} --output DIR"),
    Proof.TEXTS: _("texts only, without the signed originals, which come by IMAP"),
}


@click.command()
@click.argument("message_id", metavar="[ID]", required=False)
@click.option("--sites", "of_sites", is_flag=True, help="Show all sites of PEC_SITES, a line each.")
@output.as_json
def status(message_id: str | None, of_sites: bool, as_json: bool) -> None:
    """Show where everything stands, or with an ID its timeline and why it waits.

    \b
    pec status
    pec status inv-2026-001
    pec status --json | jq .messages.held
    pec status --sites
    """
    if of_sites:
        if message_id is not None:
            raise click.UsageError(_("--sites shows no single message: leave out the ID, or --sites"))
        show_sites(load_settings(), as_json=as_json)
        return
    with open_session() as session:
        if message_id is not None:
            _show_details(load_details(session.store, session.settings, message_id), as_json=as_json)
            return
        found = load_overview(session.store, session.settings)
    if as_json:
        output.data(overview_dict(found))
    else:
        show_overview(found)


def _show_details(details: list[MessageDetail], *, as_json: bool) -> None:
    for number, detail in enumerate(details):
        if as_json:
            output.data(detail_dict(detail))
        else:
            click.echo("\n" * bool(number), nl=False)
            _show_facts(detail)
            click.echo()
            show_timeline(detail)


def _show_facts(detail: MessageDetail) -> None:
    message = detail.message
    instants = {
        _("created_at"): message.created_at,
        _("sent_at"): message.sent_at,
        _("accepted_at"): message.accepted_at,
        _("delivered_at"): message.delivered_at,
        _("undelivered_at"): message.undelivered_at,
        _("refused_at"): message.refused_at,
        _("ended_at"): message.ended_at,
    }
    output.facts(
        [
            (_("id"), message.id),
            (_("state"), message.state),
            (_("why"), detail.why),
            (_("account"), message.account),
            (_("recipient"), ", ".join(message.recipients) or None),
            *((address, State(state)) for address, state in message.outcomes.items()),
            (_("subject"), message.sent_subject),
            (_("batch"), message.batch),
            (_("code"), message.code),
            (_("attempts"), message.attempts or None),
            (_("proof"), _proof(detail)),
            *((name, when(instant)) for name, instant in instants.items() if instant),
        ]
    )


def _proof(detail: MessageDetail) -> str | None:
    """Return what the proof consists of, or what it lacks; None if nothing is to be proved yet."""
    if detail.proof in _PROOF:
        return translated(_PROOF[Proof(detail.proof)]).format(id=detail.message.id)
    if detail.lacking:
        return translated(_("incomplete: lacks {receipts}").format(receipts=", ".join(detail.lacking)))
    return detail.proof
