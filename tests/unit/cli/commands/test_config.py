"""The output of `pec config`, without secrets."""

import base64

from cli.commands.config import MASK, effective, masked
from config.settings import Settings

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


def shown(in_file: dict[str, object] | None = None, **environment: str) -> dict[str, tuple[object, str]]:
    settings = Settings.model_validate(
        {
            "redis_url": "redis://user:hunter2@host:6379/0",
            "api": {"token": "hunter3"},
            "accounts": {"acme": {"sender": "a@pec.example", "username": "u", "password": "hunter4"}},
            "webhooks": {"endpoints": [{"url": "https://me:hunter5@example.com", "secret": SECRET}]},
        }
    )
    return {one.name: (one.value, one.source) for one in effective(settings, environment, in_file or {})}


def test_every_setting_has_its_variables_name() -> None:
    names = shown().keys()

    assert {
        "PEC_REDIS_URL",
        "PEC_API__RATE",
        "PEC_ACCOUNTS__ACME__USERNAME",
        "PEC_WEBHOOKS__ENDPOINTS",
    } <= names


def test_no_secret_is_shown() -> None:
    values = str(list(shown().values()))

    assert "hunter" not in values
    assert SECRET not in values
    assert shown()["PEC_API__TOKEN"][0] == MASK
    assert shown()["PEC_REDIS_URL"][0] == f"redis://{MASK}@host:6379/0"


def test_a_secret_that_is_not_set_is_shown_as_such() -> None:
    assert masked(None) is None


def test_the_source_is_reported() -> None:
    found = shown(
        {"redis_url": "…", "api": {"rate": 2}},
        PEC_REDIS_URL="…",
        PEC_ACCOUNTS__ACME__PASSWORD_FILE="/run/secrets/x",
        PEC_QUOTA='{"warn": 0.5}',
        PEC_CONFIG="/etc/pec.toml",
        PEC_LEASE_SECONDS="",
    )

    assert found["PEC_REDIS_URL"][1] == "environment"  # before the file
    assert found["PEC_API__RATE"][1] == "/etc/pec.toml"
    assert found["PEC_ACCOUNTS__ACME__PASSWORD"][1] == "environment"
    assert found["PEC_QUOTA__WARN_RATIO"][1] == "environment"
    assert found["PEC_LEASE_SECONDS"][1] == "default"
