"""The OpenAPI description, as the vendor's is, and its page at /docs, served from this machine alone."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path  # type: ignore[import-untyped] # it ships no types

from pec.api.vendor_words import TOO_FAST

ABOUT = (
    "The PEC Massiva API on this machine, with a simulated PEC network behind it. No certified mail leaves. "
    "403 and 429 are the sandbox's own: the vendor documents neither."
)
ASSETS = "/docs/assets"
SEND_TOO_FAST = (429, TOO_FAST)


def add_description(app: FastAPI) -> None:
    """Serve /openapi.json and /docs."""
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign] # FastAPI's documented way
    app.mount(ASSETS, StaticFiles(directory=swagger_ui_path))
    app.add_api_route("/docs", _page, include_in_schema=False)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Version 3.0, as the vendor's: the bundled Swagger UI reads no later one. FastAPI's 422 never comes."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title="PEC Massiva 1.0 (sandbox)",
            version="1.0.0",
            openapi_version="3.0.3",
            description=ABOUT,
            routes=app.routes,
        )
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
        for unused in ("HTTPValidationError", "ValidationError"):
            schema["components"]["schemas"].pop(unused, None)
        app.openapi_schema = schema
    return app.openapi_schema


async def _page() -> HTMLResponse:
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="PEC Massiva (sandbox)",
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS}/favicon-32x32.png",
        swagger_ui_parameters={"validatorUrl": None},  # else the page asks validator.swagger.io
    )
