"""A console that serves real HTTP, with a user of each role."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from config.settings import Settings
from pec.operations.passwords import hashed
from pec.operations.session import Session
from pec.store import users
from pec.store.store import Store
from pec.users import Role, User
from tests.integration.console.browser import ACCOUNT, PASSWORD, Browser, Serve, serving


@pytest.fixture
def serve(store: Store, redis_url: str) -> Iterator[Serve]:
    """Serves a console with these settings beside the usual ones, and returns its URL."""
    stops = ExitStack()

    def start(**settings: object) -> str:
        made = Settings.model_validate(
            {
                "redis_url": redis_url,
                "api": {"token": "token"},
                "accounts": {"acme": ACCOUNT, "beta": ACCOUNT},
                **settings,
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
