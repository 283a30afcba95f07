"""Three lists for the eye: rejected jobs, incoming mail, and the audit stream."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from archive.vault import EML, VaultError
from archive.vault.installation import open_vault
from console.downloads import download
from console.pages.messages import visible_accounts
from console.visit import Reader, WholeReader
from pec.operations.incoming import list_incoming
from pec.operations.people.acts import list_acts
from pec.operations.refusals import Refused
from pec.operations.rejections import list_rejections

SHOWN = 100
MAX_SHOWN = 2000

router = APIRouter()
Limit = Annotated[int, Query(ge=1, le=MAX_SHOWN)]


@router.get("/rejected")
def rejected(visit: WholeReader, limit: Limit = SHOWN) -> Response:
    """List jobs that workers did not take, and why."""
    found = list_rejections(visit.store, batch=None, account=None, limit=limit)
    return visit.page("rejected.html", found=found, limit=limit, max_shown=MAX_SHOWN)


@router.get("/incoming")
def incoming(visit: Reader, account: str = "", limit: Limit = SHOWN) -> Response:
    """List mail that came in and is no receipt."""
    if account:
        visit.require_account(account)
    found = [
        pair
        for pair in list_incoming(visit.store, visit.settings, limit, account or None)
        if visit.user.sees(pair[1].account)
    ]
    return visit.page(
        "incoming.html",
        found=found,
        account=account,
        accounts=visible_accounts(visit),
        limit=limit,
        max_shown=MAX_SHOWN,
    )


@router.get("/incoming/{sha256}.eml")
def original(visit: Reader, sha256: str) -> Response:
    """Download a mail as it came."""
    mails = (mail for _at, mail in list_incoming(visit.store, visit.settings, MAX_SHOWN))
    mail = next((one for one in mails if one.archived == sha256 and visit.user.sees(one.account)), None)
    vault = open_vault(visit.settings.archive, visit.store)
    if mail is None or vault is None:
        raise HTTPException(404)
    try:
        data = vault.get(sha256, EML)
    except VaultError as error:
        raise Refused("archive", str(error)) from None
    return download(data, f"{mail.subject}.eml", "message/rfc822")


@router.get("/audit")
def audit(visit: WholeReader, limit: Limit = SHOWN) -> Response:
    """List what people did, and what workers deleted from mailboxes."""
    return visit.page("audit.html", acts=list_acts(visit.store, limit), limit=limit, max_shown=MAX_SHOWN)
