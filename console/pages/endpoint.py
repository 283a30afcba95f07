"""One endpoint of webhooks: deliveries with their answers, dead letters, a test event, and another secret."""

import base64
import secrets
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Query, Response

from config.texts import _
from console.formats import in_path
from console.visit import WholeOperator, WholeReader
from pec.operations.dead_letters import page_of_dead_letters
from pec.operations.deliveries import (
    MAX_KEPT,
    configured_endpoint,
    list_deliveries,
    send_test_event,
)
from pec.operations.status.overview import EndpointState

SHOWN = 50
MAX_SHOWN = 2 * MAX_KEPT
_SECRET_BYTES = 32
OUTCOMES = {
    "delivered": (_("arrived"), "good"),
    "retry": (_("tried again"), "warns"),
    "dead": (_("given up"), "bad"),
    "gone": (_("endpoint disabled"), "bad"),
    "test": (_("test event"), "moves"),
}

router = APIRouter()


@router.get("/webhooks/{endpoint}")
def show(
    visit: WholeReader,
    endpoint: str,
    only: str = "",
    limit: Annotated[int, Query(ge=1, le=MAX_SHOWN)] = SHOWN,
    before: Annotated[str, Query(max_length=50)] = "",
) -> Response:
    """Show an endpoint. `only=failed` shows failed tries only; `before` is where a page of dead letters begins."""
    found = _endpoint(visit, endpoint)
    letters, older = page_of_dead_letters(visit.store, endpoint, before, SHOWN)
    return visit.page(
        "endpoint.html",
        endpoint=found,
        address=_host(visit, endpoint),
        settings=configured_endpoint(visit.settings, endpoint),
        tries=list_deliveries(visit.store, endpoint, limit, failed_only=only == "failed"),
        outcomes=OUTCOMES,
        only=only,
        limit=limit,
        max_shown=MAX_SHOWN,
        letters=letters,
        older=older,
    )


@router.post("/webhooks/{endpoint}/test")
def test(visit: WholeOperator, endpoint: str) -> Response:
    """Post a test event now, and say what the endpoint answered."""

    def act() -> str:
        return send_test_event(visit.settings, visit.store, endpoint)

    return visit.act(
        act, action="endpoint.test", subject=f"endpoint:{endpoint}", back=f"/webhooks/{in_path(endpoint)}"
    )


@router.get("/webhooks/{endpoint}/secret")
def another_secret(visit: WholeOperator, endpoint: str) -> Response:
    """Show how to change the secret while both are valid, with a new one that is kept nowhere."""
    _endpoint(visit, endpoint)
    settings = configured_endpoint(visit.settings, endpoint)
    fresh = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    return visit.page(
        "secret.html",
        endpoint=endpoint,
        count=len(settings.secret.get_secret_value().split()) if settings else None,
        fresh=f"whsec_{fresh}",
    )


def _endpoint(visit: WholeReader, name: str) -> EndpointState:
    found = next((one for one in visit.overview().endpoints if one.name == name), None)
    if found is None:
        raise HTTPException(404)
    return found


def _host(visit: WholeReader, name: str) -> str:
    """Return the scheme and the host of an endpoint: the rest of its address can hold a password or a key."""
    settings = configured_endpoint(visit.settings, name)
    if settings is None:
        return ""
    parts = urlsplit(settings.url)
    return f"{parts.scheme}://{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")
