"""One campaign as a request sees it: clerks their own, operators all of the mailboxes that they may see."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Response
from fastapi.responses import HTMLResponse

from config.settings import Settings
from config.texts import Text, _
from console.campaigns.draft import Draft, Phase
from console.campaigns.shelf import Desk, NoCampaign, Shelf
from console.campaigns.tasks import Runner, Status, Task, revision_for
from console.campaigns.words import in_words
from console.pages.messages import visible_accounts
from console.visit import Clerk, Visit
from pec.operations.refusals import Refused
from pec.users import Role, User

STEPS = (
    ("list", _("List")),
    ("letter", _("Letter")),
    ("check", _("Check and test")),
    ("start", _("Start")),
)
STARTED = _("this campaign has started: nothing of it can be changed any more")


@dataclass(frozen=True, slots=True)
class Opened:
    """A campaign that the visitor may work on."""

    visit: Visit
    desk: Desk
    draft: Draft
    runner: Runner

    @property
    def path(self) -> str:
        return f"/campaigns/{self.draft.id}"

    @property
    def settings(self) -> Settings:
        return self.visit.settings

    @property
    def senders(self) -> list[str]:
        """Return the mailboxes that the visitor may send from."""
        return visible_accounts(self.visit)

    def status(self, task: Task) -> Status:
        """Return how far a task is, and begin it if it was not."""
        return self.runner.status(self.desk, task, revision_for(self.draft, task))

    def page(self, template: str, step: str, **values: Any) -> HTMLResponse:
        """Return a page of this campaign."""
        words: Callable[[object], str] = partial(in_words, self.visit.language)
        return self.visit.page(
            template, campaign=self.draft, at=self.path, step=step, steps=STEPS, words=words, **values
        )

    def require_draft(self) -> None:
        """Raise Refused if the campaign has started."""
        if self.draft.phase is not Phase.DRAFT:
            raise Refused("campaign_started", STARTED)

    def change(self, choose: Callable[[Draft], Draft]) -> Draft:
        """Change the draft, unless it has started. Raise Refused."""

        def chosen(draft: Draft) -> Draft:
            if draft.phase is not Phase.DRAFT:
                raise Refused("campaign_started", STARTED)
            return choose(draft)

        return self.desk.change(chosen)

    @contextmanager
    def editing(self, *, reads_anew: bool = False) -> Iterator[dict[str, Any]]:
        """Change files of the draft, and the fields that are put into the yielded dictionary. Raise Refused.

        Two new revisions stand around the change, so that no check of other files passes for one of these:
        not if the process dies, nor if a check runs meanwhile. A start waits, and then finds the revision changed.
        """
        with self.desk.locked():
            draft = self.desk.read()
            if draft.phase is not Phase.DRAFT:
                raise Refused("campaign_started", STARTED)
            begun = draft.changed(reads_anew=reads_anew)
            self.desk.write(begun)
            fields: dict[str, Any] = {"reads_anew": reads_anew}
            try:
                yield fields
            finally:
                self.desk.write(begun.changed(**fields))

    def act(
        self, act: Callable[[], str], action: str, back: str, details: Mapping[str, Any] | None = None
    ) -> Response:
        """Do something that the audit stream notes, and go to a page of this campaign."""

        def said() -> str:
            try:
                return act()
            except Refused as refused:
                raise Refused(refused.code, in_words(self.visit.language, str(refused))) from None

        about = {"campaign": self.draft.id, "account": self.draft.account, **(details or {})}
        return self.visit.act(
            said,
            action=f"campaign.{action}",
            subject=f"campaign:{self.draft.batch}",
            back=f"{self.path}{back}",
            details=about,
        )


def may_open(user: User, draft: Draft) -> bool:
    """Return whether a person may see a campaign and act on it."""
    own = draft.owner == user.name
    if not (own or user.may(Role.OPERATOR)):
        return False
    return user.sees(draft.account) if draft.account else own or user.sees_everything


def runner_of(visit: Visit) -> Runner:
    """Return what works on campaigns in this console."""
    found: Runner = visit.request.app.state.campaigns
    return found


def shelf_of(visit: Visit) -> Shelf:
    """Return the campaigns of this installation."""
    return runner_of(visit).shelf


def _opened(visit: Clerk, campaign: str) -> Opened:
    """Return the campaign. Raise 404 for another person's as for one that does not exist."""
    runner = runner_of(visit)
    try:
        desk = runner.shelf.desk(campaign)
        draft = desk.read()
    except NoCampaign:
        raise HTTPException(404, GONE) from None
    if not may_open(visit.user, draft):
        raise HTTPException(404, GONE)
    return Opened(visit, desk, draft, runner)


GONE: Text = _("There is no such campaign. It was deleted, it was too old, or it is another person's.")
Campaign = Annotated[Opened, Depends(_opened)]
