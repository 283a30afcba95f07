"""Puts the sandbox together, and answers every error in the vendor's envelope."""

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from pec.api.vendor_words import POST_INVALID, UNAUTHORIZED
from sandbox import control, imap_control, vendor
from sandbox.answers import Refusal, refuse
from sandbox.description import add_description
from sandbox.state import Options, Sandbox
from sandbox.wire import CONTROL_PREFIX, Arrival


def build_app(options: Options) -> FastAPI:
    """Return an ASGI application with a network of its own. It needs uvicorn's `AbortableProtocol`."""
    app = FastAPI(docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.sandbox = Sandbox(options)
    app.include_router(vendor.router)
    app.include_router(control.router)
    app.include_router(imap_control.router)
    app.add_middleware(Arrival, ledger=app.state.sandbox.network.ledger)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _no_such_operation)
    app.add_exception_handler(ClientDisconnect, _nobody_there)
    add_description(app)
    return app


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # noqa: S101 - registered for it; the framework's type is wider
    if isinstance(refusal.body, str):
        return HTMLResponse(refusal.body, refusal.status, refusal.headers)
    return JSONResponse(refusal.body, refusal.status, refusal.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    """Return 401 for a missing credential header, 400 for any other parameter. FastAPI's 422 is only for /_sandbox/."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    if request.url.path.startswith(CONTROL_PREFIX):
        return await request_validation_exception_handler(request, error)
    missing_credentials = any(problem["loc"][0] == "header" for problem in error.errors())
    refusal = refuse(401, UNAUTHORIZED) if missing_credentials else refuse(400, POST_INVALID)
    return await _refused(request, refusal)


async def _no_such_operation(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    return await _refused(request, refuse(error.status_code, error.detail))


async def _nobody_there(request: Request, error: Exception) -> Response:
    """The client left while it was writing: nothing was sent, and no client reads this."""
    return Response(status_code=400)
