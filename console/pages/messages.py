"""The list of messages: search, filters and pages by cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from console.visit import Reader, Visit
from pec.instants import ROME
from pec.names import State
from pec.operations.messages import message_search
from pec.operations.messages.listing import read_messages
from pec.operations.messages.message_search import MAX_CURSOR, Page, find_exactly, find_page, is_batch
from pec.operations.names import list_accounts

PAGE = 50

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters as the form has them."""

    q: str = ""
    state: str = ""
    account: str = ""
    since: str = ""
    until: str = ""
    batch: str = ""

    def query(self, accounts: Sequence[str]) -> message_search.Query:
        """Return the query. A value that can't be read restricts nothing."""
        return message_search.Query(
            states=[State(self.state)] if self.state in list(State) else [],
            accounts=[self.account] if self.account else accounts,
            since=_day(self.since),
            until=_day(self.until, 1),
            batch=self.batch,
            words=self.q,
        )

    def address(self, **changes: str) -> str:
        """Return the address of the list with these filters, and others changed."""
        values = {
            "q": self.q,
            "state": self.state,
            "account": self.account,
            "since": self.since,
            "until": self.until,
            "batch": self.batch,
        }
        return "/messages?" + urlencode(
            {name: value for name, value in {**values, **changes}.items() if value}
        )


@router.get("/messages")
def show(
    visit: Reader,
    q: Annotated[str, Query(max_length=320)] = "",
    state: str = "",
    account: str = "",
    since: str = "",
    until: str = "",
    batch: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str, Query(max_length=MAX_CURSOR)] = "",
) -> Response:
    """Show a page of messages. A search that names one message goes to it."""
    filters = Filters(q.strip(), state, account, since, until, batch.strip())
    if account:
        visit.require_account(account)
    seen = visible_accounts(visit)
    if filters.q and not cursor:
        exact = _named(visit, filters.q, seen)
        if len(exact) == 1:
            return RedirectResponse(f"/messages/{quote(exact[0], safe='')}", 303)
        if exact:
            found = Page(read_messages(visit.store, exact[:PAGE]))
            return _page(visit, filters, found, seen)
        if not batch and _sees_batch(visit, filters.q):
            return RedirectResponse(Filters(batch=filters.q).address(), 303)
    if filters.batch and not _sees_batch(visit, filters.batch):
        return _page(visit, filters, Page([]), seen)
    wanted = filters.query(visit.user.accounts)
    return _page(visit, filters, find_page(visit.store, wanted, cursor, PAGE), seen)


def visible_accounts(visit: Visit) -> list[str]:
    """Return the names of the mailboxes that the person may see."""
    known = list_accounts(visit.store, visit.settings)
    return [name for name in known if visit.user.sees(name)]


def _page(visit: Visit, filters: Filters, found: Page, accounts: Sequence[str]) -> Response:
    return visit.page(
        "messages.html",
        filters=filters,
        found=found,
        accounts=accounts,
        states=list(State),
        max_looked_at=message_search.MAX_LOOKED_AT,
    )


def _named(visit: Visit, name: str, accounts: Sequence[str]) -> list[str]:
    ids = find_exactly(visit.store, name, accounts)
    if visit.user.sees_everything:
        return ids
    return [one.id for one in read_messages(visit.store, ids) if visit.user.sees(one.account)]


def _sees_batch(visit: Visit, name: str) -> bool:
    """Return whether there is a batch of this name, with a message that the person may see near its beginning.

    The name of another mailbox's batch must read as one that does not exist.
    """
    if visit.user.sees_everything:
        return is_batch(visit.store, name)
    wanted = message_search.Query(batch=name, accounts=visit.user.accounts)
    return bool(find_page(visit.store, wanted, limit=1).messages)


def _day(written: str, days: int = 0) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(written) + timedelta(days=days), time(), ROME)
    except (ValueError, OverflowError):
        return None
