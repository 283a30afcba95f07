"""Campaigns: the list of them, a new one from an uploaded list, and the deletion of one."""

from typing import Annotated

from fastapi import APIRouter, File, Response, UploadFile
from fastapi.responses import RedirectResponse

from config.foreign_words import system_words
from config.texts import _
from console.campaigns import uploads
from console.campaigns.draft import MAX_ROWS, MAX_SHEET_BYTES, Draft, Phase
from console.campaigns.naming import free_name
from console.campaigns.shelf import Desk
from console.formats import in_path
from console.pages.campaign_access import Campaign, may_open, shelf_of
from console.visit import Clerk, Visit
from pec.operations.batch_state import load_progress
from pec.operations.refusals import Refused

router = APIRouter()
Upload = Annotated[UploadFile | None, File()]


@router.get("/campaigns")
def show(visit: Clerk, batch: str = "") -> Response:
    """List the campaigns that the person may see, or go to the one of a batch, or else to the batch's messages."""
    found = [one for one in shelf_of(visit).all() if may_open(visit.user, one)]
    if batch:
        sent = next((one for one in found if one.batch == batch and one.phase is not Phase.DRAFT), None)
        place = f"/campaigns/{sent.id}" if sent else f"/messages?batch={in_path(batch)}"
        return RedirectResponse(place, 303)
    started = {one.batch for one in found if one.phase is not Phase.DRAFT}
    return visit.page(
        "campaigns.html",
        campaigns=found,
        progress=load_progress(visit.store, started),
        days=visit.settings.console.campaign_days,
    )


@router.get("/campaigns/new")
def new(visit: Clerk) -> Response:
    """Ask for the list."""
    return visit.page("campaign_new.html", max_rows=MAX_ROWS, max_bytes=MAX_SHEET_BYTES)


@router.post("/campaigns")
def create(visit: Clerk, sheet: Upload = None) -> Response:
    """Keep an uploaded list as a new campaign."""
    made: list[Draft] = []
    name = uploads.base_name(sheet.filename if sheet else None)

    def act() -> str:
        made.append(_keep(visit, sheet, name))
        return _("The list was uploaded.")

    answer = visit.act(
        act, action="campaign.upload", subject=f"file:{name[:100]}", back="/campaigns/new", details={}
    )
    return RedirectResponse(f"/campaigns/{made[0].id}/list", 303) if made else answer


@router.get("/campaigns/{campaign}")
def go_on(case: Campaign) -> Response:
    """Go to the step that the campaign has come to."""
    if case.draft.phase is not Phase.DRAFT:
        return RedirectResponse(f"{case.path}/progress", 303)
    step = "check" if case.draft.ready else "letter" if case.draft.account else "list"
    return RedirectResponse(f"{case.path}/{step}", 303)


@router.post("/campaigns/{campaign}/sheet")
def replace(case: Campaign, sheet: Upload = None) -> Response:
    """Put another list in the place of the uploaded one."""
    name = uploads.base_name(sheet.filename if sheet else None)

    def act() -> str:
        if sheet is None or not sheet.filename:
            raise Refused("no_file", _("List: no file was chosen: choose a CSV or XLSX file"))
        with case.editing(reads_anew=True) as fields:
            old = case.desk.sheet(case.desk.read())
            _store(case.desk, sheet, name)
            fields |= {"sheet": name, "to_column": "", "id_column": None, "encoding": ""}
            if old.name != name:
                old.unlink(missing_ok=True)
        return _("The new list was uploaded.")

    return case.act(act, "list", "/list", {"file": name})


@router.get("/campaigns/{campaign}/delete")
def ask(case: Campaign) -> Response:
    """Ask before the files are deleted."""
    return case.page("campaign_delete.html", "delete", phases=Phase)


@router.post("/campaigns/{campaign}/delete")
def delete(case: Campaign) -> Response:
    """Delete the files of a campaign. What was sent stays where messages are."""

    def act() -> str:
        if not case.runner.shelf.discard(case.desk):
            raise Refused(
                "campaign_started",
                _("this campaign is being sent: delete it when all of it is on its way"),
            )
        return _("Deleted the files of campaign {name}.").format(name=case.draft.batch)

    return case.visit.act(
        act,
        action="campaign.delete",
        subject=f"campaign:{case.draft.batch}",
        back="/campaigns",
        details={"campaign": case.draft.id, "account": case.draft.account},
    )


def _keep(visit: Visit, sheet: UploadFile | None, name: str) -> Draft:
    """Return the new campaign. Raise Refused."""
    if sheet is None or not sheet.filename:
        raise Refused("no_file", _("List: no file was chosen: choose a CSV or XLSX file"))
    shelf = shelf_of(visit)
    try:
        desk, draft = shelf.make(visit.user.name, name, free_name(visit.session, shelf, name))
    except OSError as error:
        raise Refused(
            "no_folder",
            _(
                "the console can't keep files in {folder} ({why}): an administrator sets PEC_CONSOLE__FOLDER"
            ).format(folder=shelf.root, why=system_words(error)),
        ) from None
    try:
        _store(desk, sheet, name)
    except Refused:
        shelf.remove(desk)
        raise
    desk.write(draft)
    return draft


def _store(desk: Desk, sheet: UploadFile, name: str) -> None:
    try:
        uploads.store(sheet.file, desk.folder / "list" / name, MAX_SHEET_BYTES)
    except OSError as error:
        raise Refused(
            "no_room",
            _("the file can't be kept ({why}): ask an administrator").format(why=system_words(error)),
        ) from None
