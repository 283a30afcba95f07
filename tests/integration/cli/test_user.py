"""`pec user` manages the people of the console."""

import io

import pytest

from pec.operations.people import users
from pec.operations.people.logins import log_in, who
from pec.store import audit
from pec.store.store import Store
from pec.users import Role
from tests.integration.commands import Pec

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEC_API__TOKEN", "token")
    for name in ("SENDER", "USERNAME", "PASSWORD"):
        monkeypatch.setenv(f"PEC_ACCOUNTS__ACME__{name}", "acme@pec.example")


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))


def test_a_user_is_added_with_a_password_from_stdin(pec: Pec, store: Store, typed: None) -> None:
    done = pec("user", "add", "anna", "--role", "clerk", "--account", "acme")

    assert done.code == 0, done.err
    assert pec("user", "list", "--json").lines[0]["accounts"] == ["acme"]
    assert log_in(store, "anna", PASSWORD, "127.0.0.1")
    assert [one["action"] for one in audit.entries(store)] == ["user.add"]


def test_a_short_password_and_an_unknown_account_are_refused(
    pec: Pec, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))

    assert "12 characters" in pec("user", "add", "anna").err
    assert pec("user", "add", "anna", "--no-password", "--account", "acne").code == 3
    assert users.list_users(store) == []


def test_a_new_password_ends_logins_and_a_new_role_does_not(pec: Pec, store: Store, typed: None) -> None:
    pec("user", "add", "admin", "--role", "admin", "--no-password")
    pec("user", "add", "anna")
    token = log_in(store, "anna", PASSWORD, "127.0.0.1")

    assert pec("user", "role", "anna", "operator").code == 0
    found = who(store, token)
    assert found is not None
    assert found.role is Role.OPERATOR

    users.set_password(store, "anna", "another good password")
    assert who(store, token) is None


def test_the_last_administrator_and_an_unknown_name_are_refused_with_a_remedy(pec: Pec, store: Store) -> None:
    pec("user", "add", "admin", "--role", "admin", "--no-password")

    assert "last administrator" in pec("user", "remove", "admin").err
    assert "did you mean admin?" in pec("user", "remove", "admn").err
    assert "refused" in audit.entries(store)[-1]["action"]


def test_an_empty_list_says_what_to_do(pec: Pec) -> None:
    assert "pec user add" in pec("user", "list").err
