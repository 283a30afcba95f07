"""Step 2 of a campaign: what was understood of the list, column by column, and the rows that are refused."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Response

from archive.portable_names import portable_name
from config.texts import _
from console.campaigns.draft import MAX_SHEET_BYTES
from console.campaigns.tasks import Task
from console.campaigns.understood import KEY, OURS, RECIPIENT, SHOWN
from console.campaigns.words import in_words
from console.downloads import download
from console.pages.campaign_access import Campaign, Opened
from producers.campaigns.errors import Misused, Unusable
from producers.campaigns.refused_file import write_refused
from producers.campaigns.row_store import RowStore
from producers.campaigns.spreadsheet.table import open_table

router = APIRouter()
Field = Annotated[str, Form()]

ENCODINGS = ("utf-8", "windows-1252", "macintosh", "cp850")
_FILE = _("refused-rows")
NONE = "-"  # the choice of no column
_ROLES = {RECIPIENT: _("recipient"), KEY: _("your own key"), OURS: _("of a file of refused rows")}


@router.get("/campaigns/{campaign}/list")
def show(case: Campaign) -> Response:
    """Show the columns with examples, how many rows are good, and which are refused."""
    status = case.status(Task.LIST)
    found = status.outcome if status.done else None
    failed = status.done and status.problem
    return case.page(
        "campaign_list.html",
        "list",
        status=status,
        found=found,
        names=found.names if found else _header(case) if failed else [],
        encodings=ENCODINGS if failed or (found and found.encoding) or case.draft.encoding else (),
        roles=_ROLES,
        no_column=NONE,
        max_bytes=MAX_SHEET_BYTES,
        duplicates=_duplicates(case) if found and found.duplicates else [],
    )


@router.post("/campaigns/{campaign}/list")
def choose(case: Campaign, to_column: Field = "", id_column: Field = "", encoding: Field = "") -> Response:
    """Read the list anew, with other columns or another encoding."""
    chosen = {
        "to_column": to_column[:500],
        "id_column": {"": None, NONE: ""}.get(id_column, id_column[:500]),
        "encoding": encoding if encoding in ENCODINGS else "",
    }

    def act() -> str:
        case.change(lambda draft: draft.changed(reads_anew=True, **chosen))
        return ""

    return case.act(act, "columns", "/list", chosen)


@router.get("/campaigns/{campaign}/refused.csv")
def refused(case: Campaign, of: str = "check") -> Response:
    """Download the refused rows, to correct and to upload as a list."""
    task = Task.LIST if of == "list" else Task.CHECK
    status = case.status(task)
    if not status.done or status.outcome is None:
        raise HTTPException(404)
    name = portable_name(f"{case.draft.batch}-{in_words(case.visit.language, _FILE)}.csv")
    with TemporaryDirectory(dir=case.desk.folder) as folder, RowStore.kept(case.desk.rows(task)) as rows:
        place = Path(folder) / name
        write_refused(
            place, rows, status.outcome.places, case.draft.batch, partial(in_words, case.visit.language)
        )
        return download(place.read_bytes(), name, "text/csv; charset=utf-8")


def _duplicates(case: Opened) -> list[tuple[int, int]]:
    """Return lines that repeat others, each with the other one."""
    with RowStore.kept(case.desk.rows(Task.LIST)) as rows:
        return rows.duplicates(SHOWN)


def _header(case: Opened) -> list[str]:
    """Return the names of the columns of a list that could not be read as a whole, or none."""
    try:
        with open_table(case.desk.sheet(case.draft), case.draft.encoding or None) as table:
            return [name for name in table.header if name]
    except (Unusable, Misused):
        return []
