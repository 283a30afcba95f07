"""The report to print and the proof of a campaign, made beside the pages and then downloaded."""

from pathlib import Path

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import FileResponse

from config.texts import _
from console.campaigns.draft import Phase
from console.campaigns.tasks import Task
from console.pages.campaign_access import Campaign, Opened
from pec.operations.refusals import Refused

router = APIRouter()


@router.post("/campaigns/{campaign}/proof")
def make_proof(case: Campaign) -> Response:
    """Have the bundle of proof made."""
    return _make(case, Task.PROOF)


@router.post("/campaigns/{campaign}/report")
def make_report(case: Campaign) -> Response:
    """Have the report made."""
    return _make(case, Task.REPORT)


@router.get("/campaigns/{campaign}/proof.zip")
def proof(case: Campaign) -> Response:
    """Download the bundle of proof."""
    return _download(case, Task.PROOF, case.desk.proof(case.draft), "application/zip")


@router.get("/campaigns/{campaign}/report.pdf")
def report(case: Campaign) -> Response:
    """Download the report."""
    return _download(case, Task.REPORT, case.desk.report(case.draft), "application/pdf")


def _make(case: Opened, task: Task) -> Response:
    def act() -> str:
        if case.draft.phase is Phase.DRAFT:
            raise Refused("not_started", _("this campaign has not started: there is nothing to prove yet"))
        case.runner.begin(case.desk, task)
        status = case.runner.asked(case.desk, task)
        return (
            _("The file is ready.") if status and status.outcome is not None else _("The file is being made.")
        )

    return case.act(act, str(task), "/progress#files")


def _download(case: Opened, task: Task, place: Path, kind: str) -> Response:
    status = case.runner.asked(case.desk, task)
    if status is None or not status.done or status.problem or not place.is_file():
        raise HTTPException(404)
    return FileResponse(
        place,
        media_type=kind,
        filename=place.name,
        headers={"Content-Security-Policy": "default-src 'none'; sandbox"},
    )
