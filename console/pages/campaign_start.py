"""Step 6 of a campaign: start now or at a time, after a second question that names count and consequence."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Response

from config.texts import _
from console.campaigns.draft import Draft, Phase
from console.campaigns.naming import check_name
from console.campaigns.tasks import Task
from console.campaigns.work import Checked
from console.pages.campaign_access import STARTED, Campaign, Opened
from pec.instants import ROME
from pec.operations.refusals import Refused
from pec.operations.served_names import check_served
from producers.campaigns.estimate import estimate

router = APIRouter()
Field = Annotated[str, Form()]
_MAX_AHEAD = timedelta(days=365)


@router.get("/campaigns/{campaign}/start")
def ask(case: Campaign, at: str = "") -> Response:
    """Ask the second question, which names how many PEC go, from where, and what can't be undone."""
    if case.draft.phase is not Phase.DRAFT:
        return case.visit.go(f"{case.path}/progress", STARTED)
    try:
        found = _startable(case)
        starts = _starts_at(at)
        notes = list(check_served(case.visit.store, case.settings, case.draft.account, None))
    except Refused as refused:
        return case.visit.go(f"{case.path}/check", str(refused), refused=True)
    now = datetime.now(UTC)
    forecast = estimate(found.ready, case.settings, case.draft.account, case.visit.store, now, starts)
    return case.page(
        "campaign_start.html", "start", found=found, when=at, starts=starts, notes=notes, estimate=forecast
    )


@router.post("/campaigns/{campaign}/start")
def start(case: Campaign, revision: Field = "", when: Field = "") -> Response:
    """Start the campaign, once, however often the button is pressed."""
    if case.draft.phase is not Phase.DRAFT:
        return case.visit.go(f"{case.path}/progress")
    found: list[Checked] = []

    def act() -> str:
        found.append(_startable(case))
        if revision != str(case.draft.revision):
            raise _changed()
        starts = _starts_at(when)
        if not case.draft.parent:
            check_name(case.visit.session, case.runner.shelf, case.draft.batch, case.draft.id)
        _begin(case, found[0], revision, starts)
        return _("Campaign {name} has started.").format(name=case.draft.batch)

    count = case.status(Task.CHECK).outcome
    details = {"count": count.ready if count else 0, "not_before": when[:32]}
    answer = case.act(act, "start", "/progress", details)
    return answer if case.desk.read().phase is not Phase.DRAFT else _back_to_check(answer, case)


def _begin(case: Opened, found: Checked, revision: str, starts: datetime | None) -> None:
    """Mark the campaign as started, and have its jobs enqueued; nothing if another request has started it."""
    mine = [False]

    def started(draft: Draft) -> Draft:
        if draft.phase is not Phase.DRAFT:
            return draft
        if str(draft.revision) != revision:
            raise _changed()
        mine[0] = True
        now = datetime.now(UTC)
        about = {"not_before": starts, "started_at": now, "started_by": case.visit.user.name}
        warned_of = found.repeated.recipients if found.repeated else 0
        return draft.model_copy(update={"phase": Phase.STARTED, "warned_of": warned_of, **about})

    case.desk.change(started)
    if mine[0]:
        case.runner.begin(case.desk, Task.SEND)


def _changed() -> Refused:
    return Refused("changed", _("the campaign was changed after this question: look at it once more"))


def _startable(case: Opened) -> Checked:
    """Return the check of what would start. Raise Refused if it can't."""
    if not case.draft.ready:
        raise Refused("not_ready", _("sender, subject or text is missing: fill in the step before"))
    if case.draft.account not in case.senders:
        raise Refused("unknown_account", _("you may not send from this mailbox: choose another"))
    status = case.status(Task.CHECK)
    if status.problem:
        raise Refused("check_failed", status.problem)
    if not status.done:
        raise Refused("not_checked", _("the campaign is being checked: wait until that is done"))
    found: Checked = status.outcome
    if not found.ready:
        raise Refused("nothing_to_send", _("no row can be sent: correct the list"))
    if found.refused and not case.draft.skip_invalid:
        raise Refused(
            "refused_rows",
            _("some rows are refused: correct the list, or choose to leave them out"),
        )
    return found


def _starts_at(written: str) -> datetime | None:
    """Return the instant of a time in Rome, or None for now. Raise Refused."""
    if not written:
        return None
    try:
        at = datetime.fromisoformat(written).replace(tzinfo=ROME)
    except ValueError:
        raise Refused(
            "bad_time", _("Start: this is no date and time: choose both, or leave it empty")
        ) from None
    now = datetime.now(UTC)
    if not now < at < now + _MAX_AHEAD:
        raise Refused(
            "bad_time", _("Start: this time is past, or over a year away: choose another, or leave it empty")
        )
    return at


def _back_to_check(answer: Response, case: Opened) -> Response:
    answer.headers["location"] = f"{case.path}/check"
    return answer
