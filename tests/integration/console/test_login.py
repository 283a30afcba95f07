"""Logging in and out, and what is refused: guesses, other sites' forms, ended logins, other roles."""

import re
from collections.abc import Callable

import pytest
import requests

from pec.operations.people import users
from pec.operations.people.logins import MAX_TRIES
from pec.operations.people.logins import log_in as log_in_at
from pec.operations.refusals import Refused
from pec.store import audit
from pec.store.store import Store
from pec.users import Role
from tests.integration.console.browser import PASSWORD, Browser, Serve

LogIn = Callable[[str], Browser]


def test_a_page_asks_for_a_login_and_then_shows_itself(console: str) -> None:
    browser = Browser(console)

    assert browser.get("/me").headers["location"] == "/login?next=%2Fme"
    done = browser.post("/login", page="/login", name="viewer", password=PASSWORD, next="/me")

    assert done.headers["location"] == "/me"
    assert "viewer" in browser.get("/me").text


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1"]
)
def test_a_login_leads_to_no_other_site(console: str, target: str) -> None:
    done = Browser(console).post("/login", page="/login", name="viewer", password=PASSWORD, next=target)

    assert done.headers["location"] == "/"


def test_cookies_are_kept_from_scripts_and_other_sites(console: str) -> None:
    done = Browser(console).log_in("viewer")

    assert "HttpOnly" in done.headers["set-cookie"]
    assert "SameSite=lax" in done.headers["set-cookie"]


def test_a_login_never_takes_a_token_that_was_there_before(console: str) -> None:
    browser = Browser(console)
    browser.session.cookies.set("pec_login", "chosen-by-somebody-else", domain="127.0.0.1", path="/")
    secret = re.search(r'name="csrf" value="([0-9a-f]+)"', browser.get("/login").text)
    browser.log_in("viewer")
    token = browser.session.cookies["pec_login"]

    assert token != "chosen-by-somebody-else"
    assert secret
    assert browser.post("/logout", csrf=secret[1]).status_code == 403  # the form from before the login
    planted = requests.get(
        f"{console}/me", cookies={"pec_login": "chosen-by-somebody-else"}, timeout=20, allow_redirects=False
    )
    assert planted.status_code == 303

    browser.post("/login", name="viewer", password=PASSWORD)  # once more, which ends the login before
    old = requests.get(f"{console}/me", cookies={"pec_login": token}, timeout=20, allow_redirects=False)
    assert old.status_code == 303


@pytest.mark.parametrize("theme", ["x", '"><script>', "dark"])
def test_a_cookie_of_any_value_shows_the_page(log_in: LogIn, theme: str) -> None:
    browser = log_in("viewer")
    browser.session.cookies.set("pec_theme", theme)
    browser.session.cookies.set("pec_language", theme)

    assert browser.get("/me").status_code == 200
    assert "<script>" not in browser.get("/nowhere").text


def test_a_wrong_password_and_a_wrong_name_read_the_same(console: str) -> None:
    wrong, absent = Browser(console).log_in("viewer", "x" * 12), Browser(console).log_in("none", "x" * 12)

    assert wrong.status_code == absent.status_code == 403
    assert "non è giusto" in wrong.text
    assert "non è giusto" in absent.text


def test_guesses_are_throttled_even_if_the_last_one_is_right(console: str) -> None:
    browser = Browser(console)
    for _ in range(MAX_TRIES["user and address"]):
        assert browser.log_in("viewer", "wrong password").status_code == 403

    assert browser.log_in("viewer").status_code == 429


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_guesses_are_counted_by_what_one_host_can_have(
    store: Store, people: None, one: str, other: str, same: bool
) -> None:
    for _ in range(MAX_TRIES["user and address"]):
        with pytest.raises(Refused, match="wrong"):
            log_in_at(store, "viewer", "wrong password", one)
    if same:
        with pytest.raises(Refused, match="too many"):
            log_in_at(store, "viewer", PASSWORD, other)
    else:
        assert log_in_at(store, "viewer", PASSWORD, other)


def test_a_form_without_this_browser_s_token_is_refused(log_in: LogIn) -> None:
    browser, other = log_in("operator"), log_in("operator")

    assert browser.post("/logout", csrf="").status_code == 403
    assert browser.post("/logout", csrf=other.csrf("/me")).status_code == 403
    assert browser.get("/me").status_code == 200


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_a_form_of_another_site_is_refused(log_in: LogIn, headers: dict[str, str]) -> None:
    browser = log_in("operator")

    answer = browser.session.post(
        browser.url + "/logout", data={"csrf": browser.csrf("/me")}, headers=headers, timeout=20
    )

    assert answer.status_code == 403
    assert browser.get("/me").status_code == 200


def test_a_login_ends_when_the_person_logs_out_or_the_password_changes(log_in: LogIn, store: Store) -> None:
    one, two = log_in("viewer"), log_in("viewer")

    one.post("/logout")
    assert one.get("/me").status_code == 303
    users.set_password(store, "viewer", "another good password")

    assert two.get("/me").status_code == 303


def test_a_removed_user_is_out_and_a_new_role_counts_at_once(log_in: LogIn, store: Store) -> None:
    browser = log_in("clerk")
    users.remove_user(store, "clerk")

    assert browser.get("/").status_code == 303


def test_every_login_is_in_the_audit_stream(console: str, store: Store) -> None:
    Browser(console).log_in("viewer")
    Browser(console).log_in("viewer", "wrong password")

    acts = [(one["actor"], one["action"]) for one in audit.entries(store)]
    assert acts == [("user:viewer", "login"), ("user:viewer", "login.refused")]


def test_answers_forbid_foreign_scripts_and_frames(console: str) -> None:
    headers = Browser(console).get("/login").headers

    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_a_large_form_without_a_login_is_not_read(console: str) -> None:
    answer = requests.post(f"{console}/login", files={"name": b"x" * 100_000}, timeout=30)

    assert answer.status_code == 413


def test_a_read_only_console_refuses_acts(serve: Serve, people: None) -> None:
    browser = Browser(serve(console={"read_only": True}))
    browser.log_in("admin")

    assert browser.post("/me/logins/end").status_code == 403
    assert "sola lettura" in browser.get("/me").text


def test_a_trusted_proxy_logs_people_in(serve: Serve, people: None) -> None:
    url = serve(console={"trusted_proxies": ["127.0.0.1"], "trusted_header": "X-Remote-User"})

    assert requests.get(f"{url}/me", headers={"X-Remote-User": "viewer"}, timeout=30).status_code == 200
    unknown = requests.get(f"{url}/me", headers={"X-Remote-User": "eve"}, timeout=30)
    assert unknown.status_code == 403
    assert "pec user add eve" in unknown.text
    assert requests.get(f"{url}/me", timeout=20, allow_redirects=False).status_code == 303


def test_a_header_that_names_a_user_counts_for_nothing_without_trust(console: str) -> None:
    answer = requests.get(
        f"{console}/me", headers={"X-Remote-User": "admin"}, timeout=20, allow_redirects=False
    )

    assert answer.status_code == 303


def test_the_last_administrator_stays(store: Store, people: None) -> None:
    with pytest.raises(Exception, match="last administrator"):
        users.remove_user(store, "admin")
    assert Role.ADMIN in {one.role for one in users.list_users(store)}
