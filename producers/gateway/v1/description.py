"""The description of /v1 in OpenAPI 3.1, with the webhooks, and the page that shows it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from pec.api import swagger_page
from pec.api.schema_form import plain
from pec.event_schema import event_schema
from pec.jobs import SendJob
from producers.gateway.v1.models import NewBatch, ProblemDocument

ABOUT = (
    "Send PEC and follow them. A message that was answered with 202 is sent once, however often the request is "
    "repeated. Refusals are problems (RFC 9457)."
)
_COMPONENTS = "#/components/schemas/"
_HEADERS = {
    "webhook-id": "the same however often the event is delivered",
    "webhook-timestamp": "seconds since 1970, part of what is signed",
    "webhook-signature": "Standard Webhooks, v1",
}
Schema = dict[str, Any]


def router_of(routes: list[BaseRoute]) -> APIRouter:
    """Return the router that describes these routes. It needs no token."""
    router = APIRouter(include_in_schema=False)

    @cache
    def stated() -> Schema:
        return description(routes)

    @router.get("/openapi.json")
    def described() -> JSONResponse:
        return JSONResponse(stated())

    @router.get("/docs")
    def shown() -> HTMLResponse:
        return HTMLResponse(swagger_page.page(), headers=swagger_page.HEADERS)

    return router


def description(routes: list[BaseRoute]) -> Schema:
    """Return the description of these routes."""
    found = get_openapi(
        title="PEC Massiva gateway",
        version="1",
        openapi_version="3.1.0",
        description=ABOUT,
        routes=routes,
        webhooks=[],
    )
    schemas: Schema = found.setdefault("components", {}).setdefault("schemas", {})
    schemas |= _requests()
    schemas |= _events()
    found["webhooks"] = {kind: _webhook(kind, schema) for kind, schema in _of_types(event_schema()).items()}
    return plain(found)


def _requests() -> Schema:
    """Return the schemas of bodies that the models of jobs read, and of problems."""
    models = [(SendJob, "validation"), (NewBatch, "validation"), (ProblemDocument, "serialization")]
    _, stated = models_json_schema(models, ref_template=f"{_COMPONENTS}{{model}}")  # type: ignore[arg-type]
    schemas: Schema = stated["$defs"]
    message = schemas.pop(SendJob.__name__)
    for name in ("type", "v"):
        del message["properties"][name]
    required = [name for name in message["required"] if name not in ("type", "id")]
    about = (
        "A send job of the contract, without its type. Without an id, it has one made of the Idempotency-Key."
    )
    schemas["NewMessage"] = {**message, "title": "NewMessage", "required": required, "description": about}
    return schemas


def _events() -> Schema:
    """Return the schemas of events: their parts, one of any type, and one as `GET /v1/events` shows it."""
    stated = event_schema()
    parts = {_event_name(name): _pointed(schema) for name, schema in stated["$defs"].items()}
    about = {"id": {"type": "string", "description": "the webhook-id"}}
    return {
        **parts,
        "Event": {"oneOf": _pointed(stated["oneOf"])},
        "PublishedEvent": {
            "allOf": [
                {"$ref": f"{_COMPONENTS}Event"},
                {"type": "object", "required": ["id"], "properties": about},
            ]
        },
    }


def _of_types(stated: Mapping[str, Any]) -> Schema:
    return {one["properties"]["type"]["const"]: _pointed(one) for one in stated["oneOf"]}


def _pointed(schema: Any) -> Any:
    """Return a schema whose references lead to the components."""
    if isinstance(schema, list):
        return [_pointed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: f"{_COMPONENTS}{_event_name(value.removeprefix('#/$defs/'))}"
        if name == "$ref"
        else _pointed(value)
        for name, value in schema.items()
    }


def _event_name(name: str) -> str:
    """Return a name that no other schema has: events leave fields out that others set to null."""
    return f"EventPart{name}"


def _webhook(kind: str, schema: Schema) -> Schema:
    headers = [
        {"name": name, "in": "header", "required": True, "description": about, "schema": {"type": "string"}}
        for name, about in _HEADERS.items()
    ]
    return {
        "post": {
            "operationId": "on_" + kind.replace(".", "_"),
            "summary": f"The event {kind}",
            "tags": ["Webhooks"],
            "parameters": headers,
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
            "responses": {
                "200": {"description": "received; so is any other 2xx"},
                "410": {"description": "nothing more is wanted: the endpoint is disabled"},
                "500": {"description": "anything else: the event is delivered again"},
            },
        }
    }
