"""Loads settings from these variables, and says how they are refused."""

import pytest

from config.settings import Settings, SettingsError, load_settings


def load(environment: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        environment.setenv(name, value)
    return load_settings()


def refusal(environment: pytest.MonkeyPatch, **variables: str) -> str:
    with pytest.raises(SettingsError) as raised:
        load(environment, **variables)
    return str(raised.value)
