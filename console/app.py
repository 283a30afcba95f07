"""Puts the console together: pages, and in front of them the headers, the proxy's word and the gate."""

from datetime import timedelta

from fastapi import Depends, FastAPI

from console import static_files
from console.campaigns.missed import SHOWN, MissedCache
from console.campaigns.shelf import Shelf, folder_of
from console.campaigns.tasks import Runner
from console.campaigns.work import Works
from console.errors import add_error_pages
from console.gate import Gate
from console.headers import SecurityHeaders
from console.overview_cache import OverviewCache
from console.pages import ROUTERS
from console.proxy import TrustedProxy
from console.unforeseen import UnforeseenErrors
from console.visit import check_csrf
from pec.operations.batch_state import not_reached
from pec.operations.session import Session
from pec.operations.status.load_overview import load_overview


def build_app(session: Session) -> FastAPI:
    """Return the ASGI application. Its session stays open as long as it runs."""
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(check_csrf)],
    )
    app.state.session = session
    app.state.overview = OverviewCache(lambda: load_overview(session.store, session.settings))
    app.state.campaigns = _campaigns(session)
    app.state.missed = MissedCache(lambda batch: not_reached(session.store, batch, SHOWN))
    app.include_router(static_files.router)
    for router in ROUTERS:
        app.include_router(router)
    add_error_pages(app)
    app.add_middleware(Gate, session=session)
    app.add_middleware(TrustedProxy, rules=session.settings.console)
    app.add_middleware(UnforeseenErrors)
    app.add_middleware(SecurityHeaders)  # the outermost
    return app


def _campaigns(session: Session) -> Runner:
    rules = session.settings.console
    runner = Runner(
        Shelf(folder_of(session.settings)),
        Works(session).by_name(),
        timedelta(days=rules.campaign_days),
        acts=not rules.read_only,
    )
    if not rules.read_only:
        runner.start()
    return runner
