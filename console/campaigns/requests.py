"""A draft as the request that `pec import` would make of it. Pure but for the names of files."""

from typing import Any

from console.campaigns.draft import MAX_ROWS, Draft
from console.campaigns.shelf import Desk
from pec.instants import to_text
from producers.campaigns.campaign import ImportRequest

_ANY_SENDER = "x"  # while only the list is read
_BLANK = "blank.txt"


def of_draft(desk: Desk, draft: Draft) -> ImportRequest:
    """Return the whole request: list, letter and files."""
    stated: dict[str, Any] = {"account": draft.account}
    if draft.not_before:
        stated["not_before"] = to_text(draft.not_before)
    return ImportRequest(
        file=desk.sheet(draft),
        subject=draft.subject,
        body=desk.letter,
        stated=stated,
        batch=draft.batch,
        to_column=draft.to_column or None,
        attach_columns=draft.file_columns or None,
        id_column=draft.id_column,
        attach=sorted(desk.everyone.iterdir()),
        encoding=draft.encoding or None,
        allow_empty=draft.allow_empty,
        folder=desk.files,
        max_rows=MAX_ROWS,
    )


def of_list(desk: Desk, draft: Draft) -> ImportRequest:
    """Return the request of a list alone, with a letter that uses no column."""
    blank = desk.folder / _BLANK
    blank.write_text("x", encoding="utf-8")
    return ImportRequest(
        file=desk.sheet(draft),
        subject="x",
        body=blank,
        stated={"account": _ANY_SENDER},
        batch=draft.batch,
        to_column=draft.to_column or None,
        attach_columns=None,
        id_column=draft.id_column,
        encoding=draft.encoding or None,
        max_rows=MAX_ROWS,
    )
