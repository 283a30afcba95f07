"""Accounts and their mailboxes: room, caps, pauses with their causes, IMAP, and what a person can do about each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, HTTPException, Response

from config.settings import Account
from config.texts import _
from console.visit import Operator, Reader, Visit
from pec.operations import actions
from pec.operations.status.diagnosis import remedy_of_pause
from pec.operations.status.lane_forecast import empty_at
from pec.operations.status.overview import Lane, Token
from pec.operations.status.overview_warnings import lane_remedy

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An account as workers and these settings know it. `account` is None if only workers have it."""

    lane: Lane
    token: Token | None
    account: Account | None
    seconds_left: float | None

    @property
    def remedy(self) -> str:
        """Return what to do about it, or an empty text."""
        return (
            remedy_of_pause(self.lane.account, self.lane.paused)
            if self.lane.paused
            else lane_remedy(self.lane)
        )

    @property
    def password_expires(self) -> date | None:
        """Return the day on which its IMAP password expires, or None."""
        return self.account.imap.password_expires if self.account else None


@router.get("/mailboxes")
def show(visit: Reader) -> Response:
    """Show each mailbox that the person may see."""
    return visit.page("mailboxes.html", mailboxes=_mailboxes(visit))


@router.get("/mailboxes/{account}/pause")
def ask(visit: Operator, account: str) -> Response:
    """Ask before sends stop."""
    visit.require_account(account)
    found = next((one for one in _mailboxes(visit) if one.lane.account == account), None)
    if found is None:
        raise HTTPException(404)
    return visit.page("pause.html", account=account, waiting=found.lane.waiting)


@router.post("/mailboxes/{account}/pause")
def pause(visit: Operator, account: str) -> Response:
    """Let the messages of an account wait."""
    visit.require_account(account)

    def act() -> str:
        paused = actions.pause_account(visit.store, visit.settings, account)
        said = (
            _("Account {account} is paused: its messages wait.")
            if paused
            else _("Account {account} was paused already.")
        )
        return said.format(account=account)

    return _done(visit, act, "account.pause", account)


@router.post("/mailboxes/{account}/resume")
def resume(visit: Operator, account: str) -> Response:
    """Let an account send again."""
    visit.require_account(account)

    def act() -> str:
        resumed = actions.resume_account(visit.store, visit.settings, account)
        said = _("Account {account} sends again.") if resumed else _("Account {account} was not paused.")
        return said.format(account=account)

    return _done(visit, act, "account.resume", account)


def _done(visit: Visit, act: Callable[[], str], action: str, account: str) -> Response:
    return visit.act(act, action=action, subject=f"account:{account}", back="/mailboxes")


def _mailboxes(visit: Visit) -> list[Mailbox]:
    found = visit.overview()
    made = []
    for lane in found.lanes.values():
        if visit.user.sees(lane.account):
            ends = empty_at(found, lane.account)
            made.append(
                Mailbox(
                    lane=lane,
                    token=found.tokens.get(lane.token or ""),
                    account=visit.settings.accounts.get(lane.account),
                    seconds_left=None if ends is None else (ends - found.now).total_seconds(),
                )
            )
    return made
