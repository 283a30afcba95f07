"""The accounts of a token: the lane, the pause, the room and the caps of each."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from pec.instants import to_text
from pec.operations.status.load_overview import load_overview
from pec.operations.status.overview import Lane, Token
from producers.gateway.context import Gateway, Here
from producers.gateway.v1.callers import Reader
from producers.gateway.v1.models import Accounts
from producers.gateway.v1.refusals import refusals

router = APIRouter(prefix="/accounts", tags=["Accounts"])


@router.get(
    "",
    operation_id="listAccounts",
    summary="List the accounts with their room and caps",
    response_model=Accounts,
    responses=refusals(),
)
def listed(caller: Reader, gateway: Here) -> JSONResponse:
    """Return the accounts that the token may use and that workers or these settings know."""
    overview = load_overview(gateway.store, gateway.settings)
    lanes = [lane for name, lane in overview.lanes.items() if caller.may_use(name)]
    return JSONResponse(
        {"accounts": [_stated(gateway, lane, overview.tokens.get(lane.token or "")) for lane in lanes]}
    )


def _stated(gateway: Gateway, lane: Lane, token: Token | None) -> dict[str, Any]:
    configured = gateway.settings.accounts.get(lane.account)
    return _present(
        {
            "name": lane.account,
            "sender": configured.sender if configured else None,
            "served": lane.served,
            "waiting": lane.waiting,
            "oldest_at": lane.oldest_at and to_text(lane.oldest_at),
            "paused": lane.paused.as_dict() if lane.paused else None,
            "room": _room(lane),
            "caps": _caps(token) if token else None,
        }
    )


def _room(lane: Lane) -> dict[str, Any]:
    room = lane.room
    return _present(
        {
            "used_bytes": None if room.limit is None else room.used,
            "limit_bytes": room.limit,
            "expected_bytes": room.expected + room.uncounted,
            "left_bytes": room.left,
            "left_messages": lane.messages_left,
            "waits_since": room.waits_since and to_text(room.waits_since),
        }
    )


def _caps(token: Token) -> dict[str, Any]:
    return _present(
        {
            "daily_cap": token.daily_cap,
            "left_today": token.left_today,
            "monthly_cap": token.monthly_cap,
            "left_this_month": token.left_this_month,
            "allowed_per_minute": token.allowed_per_minute,
        }
    )


def _present(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}
