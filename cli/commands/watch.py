"""`pec watch`: follow messages to their end."""

from collections.abc import Iterable

import click

from cli import output
from cli.follow import follow, timeout_option
from config.texts import _
from pec.operations.messages.absent import unknown
from pec.operations.session import Session, open_session

_MAX_NAMED = 5


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--batch", help="All messages of a batch.")
@timeout_option
@output.as_json
def watch(ids: tuple[str, ...], batch: str | None, timeout: float | None, as_json: bool) -> None:
    """Follow messages to their end. Exits with 0 when all were delivered, 6 when some were not.

    \b
    pec watch inv-2026-001 inv-2026-002
    pec watch --batch november --timeout 3600
    pec watch --batch november --json | jq .state
    """
    if bool(ids) == bool(batch):
        raise click.UsageError(_("name messages or a batch: pec watch ID…, or pec watch --batch B"))
    with open_session() as session:
        _note_unknown(session, ids)
        follow(session, ids, batch, timeout_seconds=timeout, as_json=as_json)


def _note_unknown(session: Session, ids: Iterable[str]) -> None:
    """Name ids of no message and no job: one that is mistyped is waited for without end."""
    if found := unknown(session.store, ids):
        named = ", ".join(found[:_MAX_NAMED]) + (", …" if len(found) > _MAX_NAMED else "")
        output.note(_("Not known so far, but waited for: {ids}. `pec list` shows ids.").format(ids=named))
