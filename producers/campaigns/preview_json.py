"""A preview as the one object that `pec import --json` prints, and letters as their recipients will read them."""

from dataclasses import asdict
from typing import Any

from pec.instants import to_text
from producers.campaigns.campaign import Campaign
from producers.campaigns.earlier.already_enqueued import Earlier
from producers.campaigns.preview import Preview
from producers.campaigns.row_store import Entry, RowStatus
from producers.campaigns.trial import Picked


def preview_dict(preview: Preview, enqueued: int | None) -> dict[str, Any]:
    """Return the summary of an import. `enqueued` is None for a dry run."""
    campaign, row_store = preview.campaign, preview.campaign.row_store
    duplicates = [{"line": line, "like": like} for line, like in row_store.duplicates()]
    estimate = preview.estimate
    return {
        "batch": campaign.batch,
        "account": campaign.renderer.stated["account"],
        "count": preview.count(RowStatus.READY),
        **({} if enqueued is None else {"enqueued": enqueued}),
        "enqueued_before": preview.count(RowStatus.ALREADY_ENQUEUED) if preview.earlier else None,
        **_earlier_fields(preview.earlier),
        **({"same_subject": asdict(preview.repeated)} if preview.repeated else {}),
        "columns": _columns(campaign),
        "first": first_letter(campaign),
        **({"shown": [row_letter(campaign, row) for row in preview.shown]} if preview.shown else {}),
        "seconds": None if estimate.seconds is None else round(estimate.seconds, 1),
        "finishes_at": estimate.finishes_at and to_text(estimate.finishes_at),
        "cost_eur": float(estimate.cost_eur),
        "encodings": {
            name: {"name": one.name, "values": list(one.values)} for name, one in campaign.encodings.items()
        },
        "empty_lines": campaign.empty_lines,
        "refused_lines": preview.count(RowStatus.REFUSED),
        "refused": [issue.as_dict() for issue in row_store.problems()],
        "duplicates": duplicates,
        "warnings": [issue.as_dict() for issue in row_store.warnings()],
        "notes": list(campaign.notes),
    }


def first_letter(campaign: Campaign) -> dict[str, Any] | None:
    """Return the letter of the first row that is sent, or None if there is none."""
    entry = campaign.first
    return None if entry is None else _letter(campaign, entry)


def row_letter(campaign: Campaign, row: Picked) -> dict[str, Any]:
    """Return a row's letter and, if it will not be sent, why."""
    entry = row.entry
    problems = campaign.row_store.problems_of(entry.line) if entry.status is RowStatus.REFUSED else []
    refused = {"refused": [problem.as_dict() for problem in problems]} if problems else {}
    return {"row": row.number, "line": entry.line, **refused, **_letter(campaign, entry)}


def _letter(campaign: Campaign, entry: Entry) -> dict[str, Any]:
    draft = campaign.renderer.draft(entry.values)
    return {
        "id": entry.id,
        "recipient": draft.recipient,
        "subject": draft.subject,
        "body": draft.body,
        "attachments": [file.name for file in draft.files],
    }


def _earlier_fields(earlier: Earlier | None) -> dict[str, Any]:
    if earlier is None:
        return {}
    over = {str(state): count for state, count in earlier.over.items()}
    return {"again": earlier.again, "mended": earlier.mended, "not_reached": over}


def _columns(campaign: Campaign) -> dict[str, Any]:
    columns, header = campaign.renderer.columns, campaign.renderer.columns.header
    return {
        "recipient": header[columns.recipient],
        "recipient_values": campaign.examples,
        "id": None if columns.id is None else header[columns.id],
        "attachments": [header[one] for one in columns.attachments],
    }
