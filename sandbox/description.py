"""The OpenAPI description, as the vendor's is, and its page at /docs, served from this machine alone."""

from typing import Any

from fastapi import FastAPI
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from pec.api import swagger_page, vendor_description
from pec.api.vendor_words import TOO_FAST

ABOUT = (
    "The PEC Massiva API on this machine, with a simulated PEC network behind it. No certified mail leaves. "
    "403 and 429 are the sandbox's own: the vendor documents neither."
)
SEND_TOO_FAST = (429, TOO_FAST)


def add_description(app: FastAPI) -> None:
    """Serve /openapi.json and /docs."""
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign] # FastAPI's documented way
    app.mount(f"/{swagger_page.ASSETS}", StaticFiles(directory=swagger_page.FOLDER))
    app.add_api_route("/docs", _page, include_in_schema=False)


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        app.openapi_schema = vendor_description.description(app.routes, "PEC Massiva 1.0 (sandbox)", ABOUT)
    return app.openapi_schema


async def _page() -> HTMLResponse:
    return HTMLResponse(swagger_page.page(), headers=swagger_page.HEADERS)
