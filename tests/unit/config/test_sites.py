"""The setting PEC_SITES: sites by name, each with the accounts that no other has."""

import pytest

from config.settings import SettingsError, load_settings

NORD = {"PEC_SITES__NORD__REDIS_URL": "redis://n", "PEC_SITES__NORD__ACCOUNTS": "acme, Beta"}
SUD = {"PEC_SITES__SUD__REDIS_URL": "redis://:pw@s", "PEC_SITES__SUD__ACCOUNTS": '["gamma"]'}


def sites(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, list[str]]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return {name: site.accounts for name, site in load_settings().sites.items()}


def test_sites_have_names_and_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sites(monkeypatch, **NORD, **SUD) == {"nord": ["acme", "beta"], "sud": ["gamma"]}


def test_sites_may_be_one_json_object(monkeypatch: pytest.MonkeyPatch) -> None:
    value = '{"Nord": {"redis_url": "redis://n", "accounts": ["acme"]}}'

    assert sites(monkeypatch, PEC_SITES=value) == {"nord": ["acme"]}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"PEC_SITES__SUD__ACCOUNTS": "acme"}, "account acme is at nord and sud: name it once"),
        ({"PEC_SITES__SUD__REDIS_URL": "redis://n"}, "nord and sud have the same Redis and namespace"),
        ({"PEC_SITES__SUD__REDIS_URL": "http://s"}, "PEC_SITES__SUD__REDIS_URL: must be redis://"),
        ({"PEC_SITES__SUD__ACCOUNTS": "[gamma"}, "must be JSON, or names separated by commas"),
        ({"PEC_SITES__SUD__ACCOUNT": "x"}, "did you mean PEC_SITES__SUD__ACCOUNTS"),
        ({"PEC_SITES__EST__REDIS_URL": "redis://e"}, "PEC_SITES__EST__ACCOUNTS: is missing"),
    ],
)
def test_wrong_sites_are_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        sites(monkeypatch, **{**NORD, **SUD, **wrong})
    assert words in str(refused.value)
    assert "pw" not in str(refused.value)
