"""`pec token`: shown once, listed without the secret, revoked by name."""

import json

import pytest
from redis import Redis

from tests.integration.commands import Pec

CREATE = ("token", "create", "--name", "shop", "--scope", "POST:send", "--account", "Acme")


def test_a_token_is_printed_once_and_listed_without_its_secret(pec: Pec, redis: Redis) -> None:
    created = pec(*CREATE)
    listed = pec("token", "list", "--json")

    assert created.code == 0
    assert created.out.startswith("pec_")
    assert json.loads(listed.out)["scopes"] == ["POST:send"]
    assert json.loads(listed.out)["accounts"] == ["acme"]
    assert created.out.strip() not in listed.out


def test_json_holds_the_token_and_what_it_may_do(pec: Pec) -> None:
    made = json.loads(pec(*CREATE, "--expires", "2999-01-01T00:00:00+01:00", "--json").out)

    assert made["token"].startswith(f"pec_{made['id']}_")
    assert (made["name"], made["expires_at"]) == ("shop", "2998-12-31T23:00:00.000Z")


def test_a_name_is_given_once_until_its_token_is_revoked(pec: Pec) -> None:
    assert pec(*CREATE).code == 0
    again = pec(*CREATE)
    assert (again.code, "exists" in again.err) == (3, True)

    assert pec("token", "revoke", "shop").code == 0
    assert pec(*CREATE).code == 0


def test_what_can_be_no_token_is_refused_with_the_reason(pec: Pec) -> None:
    assert pec("token", "revoke", "nobody").code == 3
    assert pec(*CREATE, "--expires", "2999-01-01").code == 2
    assert pec(*CREATE, "--expires", "2020-01-01T00:00:00Z").code == 3
    assert pec("token", "create", "--name", "a b", "--scope", "POST:send", "--account", "acme").code == 3


def test_a_misspelt_account_is_named_with_the_one_that_was_meant(
    pec: Pec, monkeypatch: pytest.MonkeyPatch
) -> None:
    for field in ("SENDER", "USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.setenv(f"PEC_ACCOUNTS__ACME__{field}", "acme@pec.example")

    made = pec("token", "create", "--name", "shop", "--scope", "v1:send", "--account", "acmee")

    assert "acmee is not configured here (did you mean acme?)" in made.err
    assert "pec token revoke shop" in made.err
