"""Steps 4 and 5 of a campaign: each row as its recipient will see it, cost and duration, and a test to oneself."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Query, Response
from fastapi.responses import HTMLResponse

from config.redis_connection import RedisUnreachable
from config.texts import _, joined
from console.campaigns import requests
from console.campaigns.tasks import Task, read_status
from console.campaigns.work import SHOWN, Checked
from console.pages.campaign_access import Campaign, Opened
from pec.jobs import JobRejected
from pec.operations.refusals import Refused
from producers.campaigns import trial
from producers.campaigns.campaign import Campaign as Imported
from producers.campaigns.campaign import reopened
from producers.campaigns.errors import Misused
from producers.campaigns.preview_json import row_letter
from producers.campaigns.row_store import RowStore
from producers.producer import Producer

router = APIRouter()
Field = Annotated[str, Form()]
LETTER_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
)
MAX_LINE = 100_000_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A row's letter. Lines are those of the file, as Excel shows them; `number` counts rows below the header."""

    line: int
    number: int
    before: int | None
    after: int | None
    letter: dict[str, Any]


@router.get("/campaigns/{campaign}/check")
def show(case: Campaign, row: Annotated[int, Query(ge=0, le=MAX_LINE)] = 0) -> Response:
    """Show the letter of the row in a line, what is refused, and what the campaign costs and takes."""
    if not case.draft.ready:
        return case.visit.go(f"{case.path}/letter")
    status = case.status(Task.CHECK)
    found: Checked | None = status.outcome if status.done else None
    return case.page(
        "campaign_check.html",
        "check",
        status=status,
        stopped=_stopped(case),
        found=found,
        shown=_shown(case, found, row) if found else None,
        duplicates=_duplicates(case) if found and found.duplicates else [],
        max_line=MAX_LINE,
    )


@router.get("/campaigns/{campaign}/rows/{line}")
def letter(case: Campaign, line: Annotated[int, Path(ge=0, le=MAX_LINE)]) -> Response:
    """Return a row's letter alone: a document without scripts, for a frame."""
    shown = _shown(case, _checked(case), line)
    if shown is None or shown.line != line:
        raise HTTPException(404)
    return HTMLResponse(shown.letter["body"], headers={"Content-Security-Policy": LETTER_POLICY})


@router.post("/campaigns/{campaign}/check")
def choose(case: Campaign, allow_empty: Field = "", skip_invalid: Field = "") -> Response:
    """Choose whether rows that lack a value are sent, and whether refused ones are left out."""
    chosen = {"allow_empty": bool(allow_empty), "skip_invalid": bool(skip_invalid)}

    def act() -> str:
        case.change(lambda draft: draft.changed(**chosen))
        return _("Saved.")

    return case.act(act, "choices", "/check", chosen)


@router.post("/campaigns/{campaign}/test")
def send_test(case: Campaign, to: Field = "", row: Field = "") -> Response:
    """Send the letter of the row in a line to the person's own address."""
    line = int(row) if re.fullmatch("[0-9]{1,8}", row) else 0
    back = f"/check?row={line}" if line else "/check"

    def act() -> str:
        case.require_draft()
        found = _checked(case)
        address, job = _send_test(case, found, to, line)
        return _("The test is on its way to {address}: its id is {id}.").format(address=address, id=job)

    return case.act(act, "test", f"{back}#test", {"to": to[:320], "row": line})


def _stopped(case: Opened) -> str:
    """Return why the last start enqueued nothing, until the campaign is changed."""
    failed = read_status(case.desk, Task.SEND) if case.draft.stopped_at == case.draft.revision else None
    return failed.problem if failed else ""


def _send_test(case: Opened, found: Checked, to: str, line: int) -> tuple[str, str]:
    try:
        address = trial.own_address(to)
        with _open(case, found) as campaign:
            rows = [_at(campaign, line)] if line else trial.first_sendable(campaign)
            if not rows:
                raise Refused("nothing_to_send", _("no test was sent, because no row can be sent"))
            if wrong := trial.refused(campaign, rows):
                said = [joined(": ", (problem.field, problem.reason)) for _picked, problem in wrong]
                raise Refused(
                    "row_refused",
                    joined(" ", [_("no test was sent, because this row is refused:"), joined("; ", said)]),
                )
            [made] = trial.trials(campaign, rows, address)
            Producer.on(case.visit.store).send_many([made.job])
    except Misused as error:
        raise Refused("bad_test", str(error)) from None
    except (JobRejected, OSError) as error:
        raise Refused("file_changed", _("no test was sent ({why}): check again").format(why=error)) from None
    except RedisUnreachable as error:
        raise Refused("redis_away", _("no test was sent: {why}").format(why=error)) from None
    return address, str(made.job["id"])


def _checked(case: Opened) -> Checked:
    """Return the result of the check of this revision. Raise Refused if there is none."""
    status = case.status(Task.CHECK)
    if not status.done or status.outcome is None:
        raise Refused("not_checked", _("the campaign is being checked: wait until that is done"))
    found: Checked = status.outcome
    return found


@contextmanager
def _open(case: Opened, found: Checked) -> Iterator[Imported]:
    request = requests.of_draft(case.desk, case.draft)
    with reopened(request, found.places, case.settings.api.max_bytes, case.desk.rows(Task.CHECK)) as campaign:
        yield campaign


def _shown(case: Opened, found: Checked, line: int) -> Shown | None:
    """Return the row in a line, or the last one before it. Without a line, the first that can be sent."""
    if not found.rows:
        return None
    with _open(case, found) as campaign:
        rows = campaign.row_store
        row = _at(campaign, line or rows.row(max(1, found.first_row)).line)
        before, after = rows.neighbours(row.entry.line)
        return Shown(row.entry.line, row.number, before, after, row_letter(campaign, row))


def _at(campaign: Imported, line: int) -> trial.Picked:
    number = max(1, campaign.row_store.count_rows(line))
    return trial.picked(campaign, [number], "--rows")[0]


def _duplicates(case: Opened) -> list[tuple[int, int]]:
    """Return lines that are left out, each with the one that it repeats."""
    with RowStore.kept(case.desk.rows(Task.CHECK)) as rows:
        return rows.duplicates(SHOWN)
