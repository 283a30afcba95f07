"""A setting's old name is refused with the new one, wherever it was set."""

from pathlib import Path

import pytest

from config.renamed import RENAMED
from config.settings import Settings, SettingsError, load_settings
from config.sources import variables


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_an_old_name_is_refused_with_the_new_one(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    monkeypatch.setenv(old, "5")

    assert refusal() == f"{old}: is called {new} now: set that one instead"


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_an_old_name_in_the_file_is_refused_with_the_new_one(tmp_path: Path, old: str, new: str) -> None:
    *section, name = old.removeprefix("PEC_").lower().split("__")
    header = "".join(f"[{one}]\n" for one in section)
    (tmp_path / "pec.toml").write_text(f"{header}{name} = 5\n")

    assert refusal() == f"{old}: is called {new} now: set that one instead"


def test_an_old_name_is_refused_beside_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEC_LEASE", "60")
    monkeypatch.setenv("PEC_LEASE_SECONDS", "90")

    assert "PEC_LEASE_SECONDS" in refusal()


def test_an_old_name_whose_value_stands_in_a_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "price").write_text("0.04")
    monkeypatch.setenv("PEC_API__PRICE_FILE", str(tmp_path / "price"))

    assert "PEC_API__PRICE: is called PEC_API__PRICE_EUR now" in refusal()


def test_every_new_name_is_a_setting_and_no_old_one_is() -> None:
    names = {name for name, _ in variables(Settings)}

    assert set(RENAMED.values()) <= names
    assert not RENAMED.keys() & names


def refusal() -> str:
    with pytest.raises(SettingsError) as raised:
        load_settings()
    return str(raised.value)
