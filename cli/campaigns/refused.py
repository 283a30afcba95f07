"""Refused lines: the file that they are written to, and the refusal of an import."""

from pathlib import Path

import click

from cli import output
from cli.campaigns.report import show_letters
from cli.errors import Exit, Failure
from cli.language import translated
from config.foreign_words import system_words
from config.texts import _, ngettext
from producers.campaigns.campaign import Campaign
from producers.campaigns.preview import Preview
from producers.campaigns.preview_json import preview_dict
from producers.campaigns.refused_file import write_refused
from producers.campaigns.row_store import RowStatus


def write_refused_lines(path: Path, campaign: Campaign, imported: Path) -> None:
    """Write the file, and say what to do with it. Raise UsageError."""
    columns = campaign.renderer.columns
    try:
        write_refused(path, campaign.row_store, columns, campaign.batch, translated)
    except OSError as error:
        raise click.UsageError(
            _("--refused: can't write {path} ({why}): name another file").format(
                path=path, why=system_words(error)
            )
        ) from None
    output.note(
        _("The refused lines are in {path}: once they are mended, import that file.").format(path=path)
    )
    if columns.attachments and path.resolve().parent != imported.resolve().parent:
        output.note(
            _("Keep it in the folder of {file}: attachments are looked for beside it.").format(
                file=imported.name
            )
        )


def refuse(preview: Preview, written: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Show what an import would send, and raise Failure."""
    if as_json:
        output.data(preview_dict(preview, None if dry_run else 0))
    elif dry_run:
        show_letters(preview)
    now = (
        ngettext(
            ", or send the other one with --skip-invalid",
            ", or send the other {count} with --skip-invalid",
            preview.sendable,
        ).format(count=preview.sendable)
        if preview.sendable
        else ""
    )
    file = "" if written else _("; --refused FILE writes what is refused to a file of its own")
    count = preview.count(RowStatus.REFUSED)
    raise Failure(
        ngettext(
            "nothing is enqueued, because {count} line is refused: mend it and import again{now}{file}",
            "nothing is enqueued, because {count} lines are refused: mend them and import again{now}{file}",
            count,
        ).format(count=count, now=now, file=file),
        Exit.REJECTED,
    )
