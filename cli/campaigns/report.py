"""A preview of a campaign, as `pec import` shows it to a person."""

from collections.abc import Sequence
from typing import Any

import click

from cli import output
from cli.language import ITALIAN, language, translated
from config.texts import _, joined, ngettext
from pec.domains import for_people
from pec.instants import ROME
from pec.operations.status.progress import duration
from producers.campaigns.campaign import Campaign
from producers.campaigns.columns import MADE_ID, Columns
from producers.campaigns.estimate import Estimate
from producers.campaigns.preview import Preview
from producers.campaigns.preview_json import first_letter, row_letter
from producers.campaigns.row_store import RowStatus

MAX_SHOWN = 20  # lines of a kind, to a person
_MAX_BODY = 2000  # characters


def show(preview: Preview) -> None:
    """Print the summary for a person."""
    campaign, header = preview.campaign, preview.campaign.renderer.columns.header
    columns = campaign.renderer.columns
    output.facts(
        [
            (_("batch"), campaign.batch),
            (_("account"), campaign.renderer.stated["account"]),
            (_("sheet"), campaign.sheet),
            (_("encoding"), _encodings(campaign)),
            (
                _("recipient"),
                _("column {name}: {values}").format(
                    name=header[columns.recipient], values=", ".join(campaign.examples) or _("without values")
                ),
            ),
            (_("id"), _id(columns)),
            (
                _("attachments"),
                joined(", ", [_("column {name}").format(name=header[one]) for one in columns.attachments])
                or None,
            ),
            (_("messages"), preview.count(RowStatus.READY)),
            (_("of them again"), (preview.earlier and preview.earlier.again) or None),
            (_("enqueued before"), preview.count(RowStatus.ALREADY_ENQUEUED) or None),
            (_("refused lines"), preview.count(RowStatus.REFUSED) or None),
            (_("duplicates"), preview.count(RowStatus.DUPLICATE) or None),
            (_("empty lines"), campaign.empty_lines or None),
            (_("takes"), _takes(preview)),
            (_("costs"), _costs(preview.estimate)),
        ]
    )
    _show_remarks(preview)


def show_letters(preview: Preview) -> None:
    """Print the chosen rows, or the first message, as their recipients will read them."""
    if preview.shown:
        for row in preview.shown:
            _show_letter(row_letter(preview.campaign, row))
    elif first := first_letter(preview.campaign):
        _show_letter(first)


def _show_letter(letter: dict[str, Any]) -> None:
    body = letter["body"]
    cut = (
        _("{body}\n… ({length} characters: --json shows all)").format(body=body[:_MAX_BODY], length=len(body))
        if len(body) > _MAX_BODY
        else body
    )
    click.echo()
    output.facts(
        [
            (_("row"), letter.get("row")),
            (_("line"), letter.get("line")),
            *[
                (_("refused"), joined(": ", (one["field"], one["reason"])))
                for one in letter.get("refused", ())
            ],
            (_("id"), letter["id"]),
            (_("to"), for_people(letter["recipient"])),
            (_("subject"), letter["subject"]),
            (_("attached"), ", ".join(letter["attachments"]) or None),
        ]
    )
    click.echo(f"\n{cut}")


def _encodings(campaign: Campaign) -> str | None:
    """Return the guessed encoding of each file that does not name its own, with values that let a person check it."""
    judged = [(name, one) for name, one in campaign.encodings.items() if one.judged]
    return "; ".join(f"{one.label}: {', '.join(one.values)} ({name})" for name, one in judged) or None


def _id(columns: Columns) -> str | None:
    if columns.id is None or columns.header[columns.id] == MADE_ID:
        return None
    return _("column {name}, joined with the batch (--id-column '' turns it off)").format(
        name=columns.header[columns.id]
    )


def _takes(preview: Preview) -> str:
    estimate = preview.estimate
    if estimate.finishes_at is None or estimate.seconds is None:
        return _("years, under these caps")
    waiting = (
        ngettext(
            ", after {count} that waits already", ", after {count} that wait already", estimate.waiting
        ).format(count=estimate.waiting)
        if estimate.waiting
        else ""
    )
    return _("about {duration}, until {time} in Rome{after}").format(
        duration=duration(estimate.seconds),
        time=f"{estimate.finishes_at.astimezone(ROME):%d/%m/%Y %H:%M}",
        after=waiting,
    )


def _costs(estimate: Estimate) -> str:
    amount = f"{estimate.cost_eur:.2f}"
    italian = language() == ITALIAN
    return f"{amount.replace('.', ',') if italian else amount} EUR"


def _show_remarks(preview: Preview) -> None:
    row_store = preview.campaign.row_store
    duplicates = [
        (
            line,
            "",
            _("is the same as line {line}, for the same recipient: it is sent once").format(line=like),
        )
        for line, like in row_store.duplicates(MAX_SHOWN)
    ]
    refused = [(one.line, one.field, one.reason) for one in row_store.problems(MAX_SHOWN)]
    warned = [(one.line, one.field, one.reason) for one in row_store.warnings(MAX_SHOWN)]
    _table(_("REFUSED"), refused, row_store.count_problems())
    _table(_("DUPLICATES"), duplicates, preview.count(RowStatus.DUPLICATE))
    _table(_("WARNINGS"), warned, row_store.count_warnings())


def _table(title: str, lines: Sequence[tuple[int, str, str]], count: int) -> None:
    if not lines:
        return
    click.echo(f"\n{translated(title)}")
    output.table((_("LINE"), _("COLUMN"), _("REASON")), lines)
    if more := max(0, count - len(lines)):
        click.echo(translated(ngettext("and one more", "and {count} more", more).format(count=more)))
