"""Step 7 of a campaign: live progress with the time left; pause, resume, and cancel what is left."""

from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response

from config.texts import _
from console.campaigns.draft import Phase
from console.campaigns.missed import MissedCache
from console.campaigns.tasks import Status, Task, read_status
from console.pages.campaign_access import Campaign, Opened
from pec.names import State
from pec.operations import actions
from pec.operations.batch_state import BatchState, load_batch, sort_by_reason
from pec.operations.refusals import Refused
from producers.producer import Producer

router = APIRouter()


@router.get("/campaigns/{campaign}/progress")
def show(case: Campaign) -> Response:
    """Show the states of the campaign's messages, the time left, and whom it did not reach."""
    if case.draft.phase is Phase.DRAFT:
        return case.visit.go(case.path)
    batch = _batch(case)
    goes_on = _goes_on(case, batch)
    missed, missed_count = _cache(case).get(batch, goes_on=goes_on) if batch else ([], 0)
    files = {task: case.runner.asked(case.desk, task) for task in (Task.PROOF, Task.REPORT)}
    places = {"proof": case.desk.proof(case.draft), "report": case.desk.report(case.draft)}
    making = any(one is not None and not one.done for one in files.values())
    return case.page(
        "campaign_progress.html",
        "progress",
        status=_sending(case),
        batch=batch,
        total=max(batch.size or 0, batch.taken) if batch else 0,
        goes_on=making or goes_on,
        now=case.visit.overview().now,
        missed=sort_by_reason(missed),
        missed_count=missed_count,
        phases=Phase,
        states=State,
        proof=files[Task.PROOF],
        report=files[Task.REPORT],
        made_at={name: _made_at(place) for name, place in places.items()},
    )


@router.post("/campaigns/{campaign}/retry")
def retry(case: Campaign) -> Response:
    """Enqueue what an error left out."""

    def act() -> str:
        if case.draft.phase is not Phase.STARTED:
            raise Refused("not_sending", _("all PEC of this campaign are on their way already"))
        case.runner.begin(case.desk, Task.SEND)
        return _("The campaign goes on. Nothing is sent twice.")

    return case.act(act, "retry", "/progress")


@router.get("/campaigns/{campaign}/pause")
def ask_pause(case: Campaign) -> Response:
    """Ask before PEC wait."""
    return _ask(case, "pause")


@router.get("/campaigns/{campaign}/cancel")
def ask_cancel(case: Campaign) -> Response:
    """Ask before PEC are cancelled, which can't be undone."""
    return _ask(case, "cancel")


def _ask(case: Opened, step: str) -> Response:
    if case.draft.phase is Phase.DRAFT:
        raise HTTPException(404)
    batch = _batch(case)
    if batch is None:
        return case.visit.go(f"{case.path}/progress", _NOTHING_YET, refused=True)
    return case.page("campaign_stop.html", "progress", ask=step, batch=batch)


@router.post("/campaigns/{campaign}/pause")
def pause(case: Campaign) -> Response:
    """Hold back what is not sent."""

    def act() -> str:
        _require_started(case)
        actions.pause_batch(case.visit.store, case.draft.batch, case.visit.user.name)
        return _("The campaign is paused: what is not sent waits.")

    return case.act(act, "pause", "/progress")


@router.post("/campaigns/{campaign}/resume")
def resume(case: Campaign) -> Response:
    """Let the campaign go on."""

    def act() -> str:
        _require_started(case)
        actions.resume_batch(case.visit.store, case.draft.batch)
        return _("The campaign goes on, each PEC at its old place.")

    return case.act(act, "resume", "/progress")


@router.post("/campaigns/{campaign}/cancel")
def cancel(case: Campaign) -> Response:
    """Cancel what is not sent, for ever."""
    batch = _batch(case)

    def act() -> str:
        _require_started(case)
        if _still_enqueuing(case):
            raise Refused(
                "still_enqueuing", _("the campaign is still being put into line: pause it, or wait")
            )
        Producer.on(case.visit.store).cancel(batch=case.draft.batch)
        return _("What was not sent is being cancelled. What was sent goes on.")

    return case.act(act, "cancel", "/progress", {"count": batch.waiting if batch else 0})


def _made_at(file: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError:
        return None


def _require_started(case: Opened) -> None:
    if case.draft.phase is Phase.DRAFT:
        raise Refused("not_started", _("this campaign has not started"))


def _still_enqueuing(case: Opened) -> bool:
    """Return whether the campaign or a correction of it, which is of the same batch, is putting jobs into line.

    One whose start has failed for good is not: after the cancel, its retry is refused as any further job is.
    """
    shelf = case.runner.shelf
    started = (one for one in shelf.all() if one.batch == case.draft.batch and one.phase is Phase.STARTED)
    sendings = (read_status(shelf.desk(one.id), Task.SEND) for one in started)
    return any(one is None or not (one.done and one.problem) for one in sendings)


def _batch(case: Opened) -> BatchState | None:
    return load_batch(case.visit.store, case.visit.overview(), case.draft.batch, case.draft.account)


def _sending(case: Opened) -> Status:
    if case.draft.phase is Phase.SENT:
        return Status(0, done=True, share=1.0)
    return case.status(Task.SEND)


def _cache(case: Opened) -> MissedCache:
    found: MissedCache = case.visit.request.app.state.missed
    return found


def _goes_on(case: Opened, batch: BatchState | None) -> bool:
    """Return whether the page has something new to show by and by."""
    return (
        case.draft.phase is Phase.STARTED or batch is None or batch.ended < max(batch.size or 0, batch.taken)
    )


_NOTHING_YET = _("no PEC of this campaign is in line yet: try again in a moment")
