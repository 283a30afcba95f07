"""Step 8 of a campaign: send again to those whom it did not reach, at corrected addresses or at the same ones."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, File, Form, Response, UploadFile
from fastapi.responses import RedirectResponse

from archive.portable_names import portable_name
from config.texts import _
from console.campaigns import uploads
from console.campaigns.corrections import LIST, Missed, make_correction, missed_rows, write_list
from console.campaigns.draft import MAX_SHEET_BYTES, Draft, Phase
from console.campaigns.words import in_words
from console.downloads import download
from console.pages.campaign_access import Campaign, Opened
from pec.attempts import SENDABLE_AGAIN
from pec.names import State
from pec.operations.batch_state import not_reached, sort_by_reason
from pec.operations.refusals import Refused

router = APIRouter()
Fields = Annotated[list[str], Form()]
SHOWN = 100  # rows with a field; more are corrected in the downloaded list
_FILE = _("to-correct")
_MAX_WRITTEN = 20_000


@router.get("/campaigns/{campaign}/corrections")
def show(case: Campaign) -> Response:
    """List whom the campaign did not reach, each with a field for another address."""
    if case.draft.phase is not Phase.SENT:
        return case.visit.go(case.path)
    rows, count = _rows(case, SHOWN)
    return case.page(
        "campaign_corrections.html",
        "progress",
        rows=rows,
        count=count,
        max_shown=SHOWN,
        max_bytes=MAX_SHEET_BYTES,
    )


@router.get("/campaigns/{campaign}/missed.csv")
def missed(case: Campaign) -> Response:
    """Download the rows that did not reach their recipient, to correct their addresses and upload them."""
    rows, _count = _rows(case, _MAX_WRITTEN)
    name = portable_name(f"{case.draft.batch}-{in_words(case.visit.language, _FILE)}.csv")
    with TemporaryDirectory(dir=case.desk.folder) as folder:
        place = Path(folder) / name
        write_list(place, rows, {}, case.draft.batch, partial(in_words, case.visit.language))
        return download(place.read_bytes(), name, "text/csv; charset=utf-8")


@router.post("/campaigns/{campaign}/corrections")
def correct(case: Campaign, ids: Fields = [], addresses: Fields = [], same: Fields = []) -> Response:  # noqa: B006
    """Make a draft of the rows whose address was corrected, and of those to send again unchanged."""
    rows = {row.message.id: row for row in _rows(case, SHOWN)[0]}
    given = {one: to.strip() for one, to in zip(ids, addresses, strict=False) if one in rows and to.strip()}
    unchanged = [one for one in same if one in rows and one not in given and rows[one].may_repeat]
    chosen = [row for name, row in rows.items() if name in given or name in unchanged]
    states = {rows[one].message.state for one in unchanged}

    def fill(place: Path) -> None:
        if not chosen:
            raise Refused("nothing_chosen", _("nothing was chosen: correct an address, or tick a row"))
        write_list(place, chosen, given, case.draft.batch, partial(in_words, case.visit.language))

    columns = {"to_column": chosen[0].recipient_column} if chosen else {}
    return _make(case, LIST, fill, [one for one in SENDABLE_AGAIN if one in states], columns)


@router.post("/campaigns/{campaign}/corrected")
def upload(case: Campaign, sheet: Annotated[UploadFile | None, File()] = None) -> Response:
    """Make a draft of an uploaded list of corrected rows."""

    def fill(place: Path) -> None:
        if sheet is None or not sheet.filename:
            raise Refused("no_file", _("List: no file was chosen: choose the corrected list"))
        uploads.store(sheet.file, place, MAX_SHEET_BYTES)

    columns = {"to_column": case.draft.to_column, "id_column": case.draft.id_column}
    return _make(case, uploads.base_name(sheet.filename if sheet else None), fill, (), columns)


def _make(
    case: Opened,
    name: str,
    fill: Callable[[Path], None],
    again: Sequence[State],
    columns: Mapping[str, str | None],
) -> Response:
    """Make the draft, and go to its list."""
    made: list[Draft] = []
    shelf = case.runner.shelf

    def act() -> str:
        if case.draft.phase is not Phase.SENT:
            raise Refused("not_sent", _("this campaign is not sent yet: correct its list"))
        desk, draft = make_correction(shelf, case.desk, case.draft, case.visit.user.name, again)
        try:
            fill(desk.folder / "list" / name)
        except Refused:
            shelf.remove(desk)
            raise
        desk.write(draft.model_copy(update={"sheet": name, **columns}))
        made.append(draft)
        return _("These rows are a draft of the same campaign: check it, then start it.")

    answer = case.act(act, "correct", "/corrections", {"again": list(map(str, again))})
    return RedirectResponse(f"/campaigns/{made[0].id}/list", 303) if made else answer


def _rows(case: Opened, limit: int) -> tuple[list[Missed], int]:
    """Return the rows that reached no recipient, the same reasons together, and how many there are."""
    messages, count = not_reached(case.visit.store, case.draft.batch, limit)
    return missed_rows(case.runner.shelf, case.draft.batch, sort_by_reason(messages)), count
