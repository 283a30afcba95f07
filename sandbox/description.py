"""The OpenAPI description, as the vendor's is, and its page at /docs, served from this machine alone."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path  # type: ignore[import-untyped] # it ships no types

from pec.api.vendor_words import FORBIDDEN, TOO_FAST, UNAUTHORIZED
from pec.api.wire import Envelope

ABOUT = (
    "The PEC Massiva API on this machine, with a simulated PEC network behind it. No certified mail leaves. "
    "403 and 429 are the sandbox's own: the vendor documents neither."
)
ASSETS = "/docs/assets"
ATTACHMENT = {
    "type": "object",
    "required": ["name", "file"],
    "properties": {
        "name": {"type": "string"},
        "file": {"type": "string", "description": "base64, bare or in a data URI"},
    },
}
SEND_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "title": "RequestSend",
                "type": "object",
                "required": ["sender", "recipient", "subject", "body", "username", "password"],
                "properties": {
                    "sender": {"type": "string"},
                    "recipient": {
                        "description": "one address or many",
                        "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
                    },
                    "subject": {"type": "string"},
                    "body": {"type": "string", "description": "HTML"},
                    "attachments": {"oneOf": [ATTACHMENT, {"type": "array", "items": ATTACHMENT}]},
                    "username": {"type": "string"},
                    "password": {"type": "string"},
                },
            },
            "example": {
                "sender": "studio@pec.example",
                "recipient": ["consegna@pec.example"],
                "subject": "Invio di prova",
                "body": "Salve, questa è una prova di invio, con un <b>corpo in html</b>",
                "attachments": [{"name": "allegato.txt", "file": "data:text/plain;base64,U2FsdmU="}],
                "username": "studio@pec.example",
                "password": "password",
            },
        }
    },
}


def refusals(*messages: tuple[int, str]) -> dict[int | str, dict[str, Any]]:
    """Return FastAPI's `responses`: those given, and the 401 and 403 of every operation."""
    return {
        status: {
            "model": Envelope,
            "description": message,
            "content": {"application/json": {"example": {"success": False, "message": message}}},
        }
        for status, message in (*messages, (401, UNAUTHORIZED), (403, FORBIDDEN))
    }


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
