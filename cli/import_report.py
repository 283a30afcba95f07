"""The output of `pec import` about a campaign: for a person, or as one JSON object."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click

from cli import output
from cli.language import ITALIAN, language, translated
from config.texts import _, joined
from pec.domains import for_people
from pec.instants import to_text
from pec.operations.progress import duration
from producers.campaigns.already_enqueued import Earlier
from producers.campaigns.campaign import Campaign
from producers.campaigns.columns import MADE_ID, Columns
from producers.campaigns.estimate import Estimate
from producers.campaigns.row_store import Entry, RowStatus
from producers.campaigns.same_subject import SameSubject
from producers.campaigns.trial import Picked

MAX_SHOWN = 20  # lines of a kind, to a person
_MAX_BODY = 2000  # characters


@dataclass(frozen=True, slots=True)
class Found:
    """A campaign, and what is known of sending it. `earlier` is None if Redis could not be asked.

    `shown` are the rows whose letters a person wants to see. `repeated`: it may be sent a second time.
    """

    campaign: Campaign
    estimate: Estimate
    earlier: Earlier | None
    shown: Sequence[Picked] = ()
    repeated: SameSubject | None = None

    @property
    def sendable(self) -> int:
        """Return the number of lines that are sent, or were."""
        return self.count(RowStatus.READY) + self.count(RowStatus.ALREADY_ENQUEUED)

    def count(self, fate: RowStatus) -> int:
        return self.campaign.row_store.count(fate)


def as_dict(found: Found, enqueued: int | None) -> dict[str, Any]:
    """Return the summary. `enqueued` is None for a dry run."""
    campaign, ledger = found.campaign, found.campaign.row_store
    doubles = [{"line": line, "like": like} for line, like in ledger.duplicates()]
    estimate = found.estimate
    return {
        "batch": campaign.batch,
        "account": campaign.renderer.stated["account"],
        "count": found.count(RowStatus.READY),
        **({} if enqueued is None else {"enqueued": enqueued}),
        "enqueued_before": found.count(RowStatus.ALREADY_ENQUEUED) if found.earlier else None,
        **_as_earlier(found.earlier),
        **({"same_subject": asdict(found.repeated)} if found.repeated else {}),
        "columns": _columns(campaign),
        "first": _first(campaign),
        **({"shown": [_as_shown(campaign, row) for row in found.shown]} if found.shown else {}),
        "seconds": None if estimate.seconds is None else round(estimate.seconds, 1),
        "finishes_at": estimate.finishes_at and to_text(estimate.finishes_at),
        "cost_eur": float(estimate.cost_eur),
        "encodings": {
            name: {"name": one.name, "values": list(one.values)} for name, one in campaign.encodings.items()
        },
        "empty_lines": campaign.empty_lines,
        "refused_lines": found.count(RowStatus.REFUSED),
        "refused": [remark.as_dict() for remark in ledger.problems()],
        "doubles": doubles,
        "warnings": [remark.as_dict() for remark in ledger.warnings()],
        "notes": list(campaign.notes),
    }


def _as_earlier(earlier: Earlier | None) -> dict[str, Any]:
    if earlier is None:
        return {}
    over = {str(state): count for state, count in earlier.over.items()}
    return {"again": earlier.again, "mended": earlier.mended, "not_reached": over}


def show(found: Found) -> None:
    """Print the summary for a person."""
    campaign, header = found.campaign, found.campaign.renderer.columns.header
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
            (_("messages"), found.count(RowStatus.READY)),
            (_("of them again"), (found.earlier and found.earlier.again) or None),
            (_("enqueued before"), found.count(RowStatus.ALREADY_ENQUEUED) or None),
            (_("refused lines"), found.count(RowStatus.REFUSED) or None),
            (_("doubles"), found.count(RowStatus.DOUBLE) or None),
            (_("empty lines"), campaign.empty_lines or None),
            (_("takes"), _takes(found)),
            (_("costs"), _costs(found.estimate)),
        ]
    )
    _show_remarks(found)


def show_letters(found: Found) -> None:
    """Print the chosen rows, or the first message, as their recipients will read them."""
    if found.shown:
        for row in found.shown:
            _show_letter(_as_shown(found.campaign, row))
    elif first := _first(found.campaign):
        _show_letter(first)


def _show_letter(letter: dict[str, Any]) -> None:
    body = letter["body"]
    cut = (
        _("{body}\n… ({count} characters: --json shows all)").format(body=body[:_MAX_BODY], count=len(body))
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


def _first(campaign: Campaign) -> dict[str, Any] | None:
    entry = campaign.first
    return None if entry is None else _as_letter(campaign, entry)


def _as_shown(campaign: Campaign, row: Picked) -> dict[str, Any]:
    """Return a row's letter and, if it will not be sent, the reason."""
    entry = row.entry
    problems = campaign.row_store.problems_of(entry.line) if entry.status is RowStatus.REFUSED else []
    told = {"refused": [problem.as_dict() for problem in problems]} if problems else {}
    return {"row": row.number, "line": entry.line, **told, **_as_letter(campaign, entry)}


def _as_letter(campaign: Campaign, entry: Entry) -> dict[str, Any]:
    letter = campaign.renderer.draft(entry.values)
    return {
        "id": entry.id,
        "recipient": letter.recipient,
        "subject": letter.subject,
        "body": letter.body,
        "attachments": [file.name for file in letter.files],
    }


def _encodings(campaign: Campaign) -> str | None:
    """Return the guessed encoding of each file that does not name its own, with values that let a person check it."""
    judged = [(name, one) for name, one in campaign.encodings.items() if one.judged]
    return "; ".join(f"{one.label}: {', '.join(one.values)} ({name})" for name, one in judged) or None


def _columns(campaign: Campaign) -> dict[str, Any]:
    columns, header = campaign.renderer.columns, campaign.renderer.columns.header
    return {
        "recipient": header[columns.recipient],
        "recipient_values": campaign.examples,
        "id": None if columns.id is None else header[columns.id],
        "attachments": [header[one] for one in columns.attachments],
    }


def _id(columns: Columns) -> str | None:
    if columns.id is None or columns.header[columns.id] == MADE_ID:
        return None
    return _("column {name}, joined with the batch (--id-column '' turns it off)").format(
        name=columns.header[columns.id]
    )


def _takes(found: Found) -> str:
    estimate = found.estimate
    if estimate.finishes_at is None or estimate.seconds is None:
        return _("years, under these caps")
    waiting = (
        _(", after {count} that wait already").format(count=estimate.waiting) if estimate.waiting else ""
    )
    return _("about {duration}, until {time}{after}").format(
        duration=duration(estimate.seconds),
        time=f"{estimate.finishes_at.astimezone():%d/%m/%Y %H:%M}",
        after=waiting,
    )


def _costs(estimate: Estimate) -> str:
    amount = f"{estimate.cost_eur:.2f}"
    italian = language() == ITALIAN
    return f"{amount.replace('.', ',') if italian else amount} EUR"


def _show_remarks(found: Found) -> None:
    ledger = found.campaign.row_store
    doubles = [
        (line, "", _("says the same as line {count} to the same recipient: sent once").format(count=like))
        for line, like in ledger.duplicates(MAX_SHOWN)
    ]
    refused = [(one.line, one.field, one.reason) for one in ledger.problems(MAX_SHOWN)]
    warned = [(one.line, one.field, one.reason) for one in ledger.warnings(MAX_SHOWN)]
    _table(_("REFUSED"), refused, ledger.count_problems())
    _table(_("DOUBLES"), doubles, found.count(RowStatus.DOUBLE))
    _table(_("WARNINGS"), warned, ledger.count_warnings())


def _table(title: str, lines: Sequence[tuple[int, str, str]], count: int) -> None:
    if not lines:
        return
    click.echo(f"\n{translated(title)}")
    output.table((_("LINE"), _("COLUMN"), _("REASON")), lines)
    if count > len(lines):
        click.echo(translated(_("and {count} more").format(count=count - len(lines))))
