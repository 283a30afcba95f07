"""A console that serves real HTTP, with a user of each role."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium

from config.settings import Settings
from console.campaigns.shelf import Shelf
from pec.operations.people.passwords import hashed
from pec.operations.session import Session
from pec.store import users
from pec.store.store import Store
from pec.users import Role, User
from tests.integration.console.browser import ACCOUNT, PASSWORD, Browser, Serve, serving
from tests.integration.console.campaigning import Clerk
from tests.integration.console.chromium import PHONE, WIDE, Tab, launched
from tests.receiver import a_secret


@pytest.fixture
def serve(store: Store, redis_url: str, tmp_path: Path) -> Iterator[Serve]:
    """Serves a console with these settings beside the usual ones, and returns its URL."""
    stops = ExitStack()

    def start(**settings: object) -> str:
        made = Settings.model_validate(
            {
                "redis_url": redis_url,
                "api": {"token": "token"},
                "accounts": {"acme": ACCOUNT, "beta": ACCOUNT},
                **settings,
                "console": {"folder": str(tmp_path / "console"), **settings.get("console", {})},  # type: ignore[dict-item]
            }
        )
        return stops.enter_context(serving(Session(made, store)))

    with stops:
        yield start


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The hash of everyone's password, which takes a while to make."""
    return hashed(PASSWORD)


@pytest.fixture
def people(store: Store, password_hash: str) -> None:
    """A user of each role, named as the role; `part` and `part-admin` see the mailbox `beta` only."""
    for role in Role:
        users.add(store, User(name=str(role), role=role, password=password_hash))
    users.add(store, User(name="part", role=Role.OPERATOR, accounts=("beta",), password=password_hash))
    # as an older version let an administrator be
    users.add(store, User(name="part-admin", role=Role.ADMIN, accounts=("beta",), password=password_hash))


@pytest.fixture
def console(serve: Serve, people: None) -> str:
    """The URL of a console with a user of each role."""
    return serve()


@pytest.fixture
def log_in(console: str) -> Callable[[str], Browser]:
    """Returns a browser in which this person is logged in."""

    def browser(name: str) -> Browser:
        made = Browser(console)
        assert made.log_in(name).status_code == 303
        return made

    return browser


@pytest.fixture
def office(store: Store, serve: Serve) -> Callable[..., Clerk]:
    """Returns the browser of a person whom a proxy has logged in, which costs no password's hash."""
    url = serve(console={"trusted_proxies": ["127.0.0.1"], "trusted_header": "X-Remote-User"})

    def person(name: str, role: Role = Role.CLERK, accounts: tuple[str, ...] = ()) -> Clerk:
        users.add(store, User(name=name, role=role, accounts=accounts))
        browser = Browser(url)
        browser.session.headers["X-Remote-User"] = name
        browser.session.headers["Accept-Language"] = "it"
        return Clerk(browser)

    return person


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """The files of the campaigns."""
    return Shelf(tmp_path / "console" / "campaigns")


@pytest.fixture
def clerk(office: Callable[..., Clerk]) -> Clerk:
    """A clerk who may send from every mailbox."""
    return office("anna")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with launched() as browser:
        yield browser


@pytest.fixture
def url(serve: Serve, people: None) -> str:
    return serve(
        webhooks={"endpoints": [{"name": "crm", "url": "https://crm.example/", "secret": a_secret()}]}
    )


@pytest.fixture
def tab(chromium: Chromium, url: str) -> Iterator[Callable[..., Tab]]:
    """Opens a tab in which a person is logged in. A fault that a page reports fails the test."""
    tabs: list[Tab] = []

    def opened(name: str = "admin", locale: str = "it-IT", *, phone: bool = False, dark: bool = False) -> Tab:
        context = chromium.new_context(
            locale=locale,
            viewport=PHONE if phone else WIDE,
            color_scheme="dark" if dark else "light",
        )
        made = Tab(url, context.new_page())
        tabs.append(made)
        if name:
            made.log_in(name, PASSWORD)
        return made

    yield opened
    for one in tabs:
        one.page.context.close()
        assert one.faults == []
