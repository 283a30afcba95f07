"""POST /v1/webhooks/{endpoint}/test: a signed event of the type `test`, delivered at once."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from config.settings import Endpoint
from pec.operations.deliveries import configured_endpoint, deliver_test_event
from pec.webhooks.outcomes import Delivered, Failed, Gone
from producers.gateway.context import Gateway, Here
from producers.gateway.v1.callers import Manager, not_found
from producers.gateway.v1.models import Delivery
from producers.gateway.v1.names import sees_all
from producers.gateway.v1.refusals import refusals

router = APIRouter(prefix="/webhooks", tags=["Webhooks"])


@router.post(
    "/{endpoint}/test",
    operation_id="testWebhook",
    summary="Deliver a test event to an endpoint",
    response_model=Delivery,
    responses=refusals(404),
)
async def test(endpoint: Annotated[str, Path(max_length=64)], caller: Manager, gateway: Here) -> JSONResponse:
    """Post the event as workers would, once. Endpoints belong to no tenant, so the token must be of every account."""
    found = configured_endpoint(gateway.settings, endpoint)
    if found is None or not sees_all(caller):
        raise not_found("endpoint")
    return await gateway.threads.webhooks.run(_deliver, gateway, found)


def _deliver(gateway: Gateway, endpoint: Endpoint) -> JSONResponse:
    outcome = deliver_test_event(gateway.settings, endpoint, gateway.store)
    match outcome:
        case Delivered():
            return JSONResponse({"endpoint": endpoint.name, "outcome": "delivered"})
        case Gone():
            return JSONResponse({"endpoint": endpoint.name, "outcome": "gone", "status": 410})
        case Failed():
            stated = {"why": str(outcome.why), "code": outcome.code, "status": outcome.status}
    known = {name: value for name, value in stated.items() if value}
    return JSONResponse({"endpoint": endpoint.name, "outcome": "failed", **known})
