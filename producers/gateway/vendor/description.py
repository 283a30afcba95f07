"""The description of the vendor's operations as they are here, at /openapi.json."""

from functools import cache
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.routing import BaseRoute

from pec.api import vendor_description

ABOUT = (
    "The seven operations of the PEC Massiva API, for programs that were written for it. 403, 409, 413, 429 and 503 "
    "are the gateway's own. New programs use the operations of /v1/openapi.json."
)


def router_of(routes: list[BaseRoute]) -> APIRouter:
    """Return the router that describes these routes. It needs no token."""
    router = APIRouter(include_in_schema=False)

    @cache
    def stated() -> dict[str, Any]:
        return vendor_description.description(routes, "PEC Massiva 1.0 (gateway)", ABOUT)

    @router.get("/openapi.json")
    def described() -> JSONResponse:
        return JSONResponse(stated())

    return router
