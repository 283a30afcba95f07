"""`pec doctor`: whether this installation can be trusted with PECs."""

from itertools import chain

import click

from archive.vault.checks import anchor_checks, archive_checks
from cli import output
from cli.errors import Exit, Failure
from cli.language import translated
from config.settings import load_settings
from pec.operations.doctor.run import run_checks
from pec.operations.session import open_store
from pec.operations.status.findings import Finding, Mark

_COLOURS = {Mark.OK: "green", Mark.NOTE: "cyan", Mark.WARN: "yellow", Mark.FAIL: "red"}


@click.command()
@output.as_json
def doctor(as_json: bool) -> None:
    """Check everything that a PEC depends on. Exits with 1 if a check fails, 4 if Redis or the API is out of reach.

    \b
    pec doctor
    pec doctor --json | jq -r 'select(.mark == "fail") | .remedy'
    """
    settings = load_settings()
    found = []
    with open_store(settings) as store:
        for finding in chain(
            run_checks(settings, store), anchor_checks(settings), archive_checks(settings, store)
        ):
            _print(finding, as_json=as_json)
            found.append(finding)
    if any(finding.unreachable for finding in found):
        raise Failure("", Exit.UNREACHABLE)
    if any(finding.mark is Mark.FAIL for finding in found):
        raise Failure("", Exit.UNEXPECTED)


def _print(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        output.data({"mark": finding.mark, "what": finding.what, "remedy": finding.remedy or None})
        return
    what, remedy = map(translated, (finding.what, finding.remedy))
    mark = click.style(f"{finding.mark:<4}", fg=_COLOURS[finding.mark])
    click.echo(f"{mark}  {what}" + (f"  → {remedy}" if remedy else ""))
