"""Puts the gateway together: the composition root of each of its processes."""

import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import wait

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from config.logs import configure_logging
from config.settings import Settings, load_settings
from pec.api import swagger_page
from producers.gateway import health, problems
from producers.gateway.context import opened
from producers.gateway.limits import Limits
from producers.gateway.v1.routes import PREFIX
from producers.gateway.v1.routes import router as v1
from producers.gateway.vendor.routes import router as vendor


def create_app() -> FastAPI:
    """Return the application of this process, by the settings of its environment."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_json)
    _end_with_the_supervisor()
    return build_app(settings)


def build_app(settings: Settings) -> FastAPI:
    """Return an ASGI application. Its Redis connections open with its first request."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with opened(settings) as app.state.gateway:
            yield

    app = FastAPI(
        title="PEC Massiva gateway",
        version="1",
        openapi_url=None,  # each surface has a description of its own
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.include_router(health.router)
    app.include_router(vendor)
    app.include_router(v1)
    app.mount(f"{PREFIX}/{swagger_page.ASSETS}", StaticFiles(directory=swagger_page.FOLDER))
    problems.add_handlers(app)
    app.add_middleware(Limits, min_bytes_per_second=settings.api.min_bytes_per_second)
    return app


def _end_with_the_supervisor() -> None:
    """Stop this process gracefully if its supervisor was killed: the port must be free for the next one."""
    supervisor = multiprocessing.parent_process()
    if supervisor is None:
        return

    def watch() -> None:
        wait([supervisor.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="supervisor-watch", daemon=True).start()
