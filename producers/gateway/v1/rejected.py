"""GET /v1/rejections: jobs that workers did not take."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from pec.account_names import account_of
from pec.jobs import ID
from pec.operations.rejections import rejection_dict
from pec.store import cursors, rejections
from pec.store.rejections import Rejection
from producers.gateway.auth import Caller
from producers.gateway.context import Here
from producers.gateway.v1.callers import Reader, no_cursor
from producers.gateway.v1.models import Rejections
from producers.gateway.v1.names import sees_all
from producers.gateway.v1.refusals import refusals
from producers.gateway.v1.shown import shown_errors

router = APIRouter(prefix="/rejections", tags=["Rejections"])
MAX_LOOKED_AT = 1000


@router.get(
    "",
    operation_id="listRejections",
    summary="List rejected jobs",
    response_model=Rejections,
    responses=refusals(),
)
def listed(
    caller: Reader,
    gateway: Here,
    account: Annotated[str | None, Query(max_length=64)] = None,
    batch: Annotated[str | None, Query(pattern=ID, description="with its account: acme:november")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[
        str | None, Query(max_length=cursors.MAX_LENGTH, description="`next` of the page before")
    ] = None,
) -> JSONResponse:
    """Return them newest first. Those that name no account are for tokens of every account."""
    store, reader = gateway.store, caller.token.id
    try:
        begin = cursors.unseal(store, reader, after)[1] if after is not None else None
    except cursors.NoCursor:
        raise no_cursor() from None
    looked_at = rejections.before(store, begin, MAX_LOOKED_AT)
    found: list[dict[str, Any]] = []
    position = None
    for one in looked_at:
        position = one.position
        if _fits(caller, one, account, batch):
            found.append(_stated(caller, one))
            if len(found) == limit:
                break
    else:
        position = position if len(looked_at) == MAX_LOOKED_AT else None
    following = {"next": cursors.seal(store, reader, (0.0, position))} if position else {}
    return JSONResponse({"rejections": found, **following})


def _fits(caller: Caller, rejection: Rejection, account: str | None, batch: str | None) -> bool:
    of = account_of(rejection.job)
    return (
        (caller.may_use(of) if of is not None else sees_all(caller))
        and account in (None, of)
        and batch in (None, rejection.job.get("batch"))
    )


def _stated(caller: Caller, rejection: Rejection) -> dict[str, Any]:
    stated = rejection_dict(rejection)
    del stated["state"]
    if "id" not in rejection.job:
        del stated["id"]
    return {**stated, "errors": shown_errors(caller, stated["errors"])}
