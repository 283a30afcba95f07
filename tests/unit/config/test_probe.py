"""A probe reads a few settings without the settings' own libraries, and must read the same."""

from pathlib import Path

import pytest

from config.probe import NAMESPACE, REDIS_URL, installation, stated
from config.settings import load_settings

ADDRESS = "127.0.0.1:9464"


def read() -> tuple[str, str, str]:
    return (
        stated("metrics_address") or "",
        stated("redis_url") or REDIS_URL,
        stated("namespace") or NAMESPACE,
    )


def loaded() -> tuple[str, str, str]:
    found = load_settings()
    return found.metrics_address, found.redis_url, found.namespace


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"PEC_METRICS_ADDRESS": ADDRESS, "PEC_REDIS_URL": "redis://h:1/0", "PEC_NAMESPACE": "a"},
        {"pec_metrics_address": "\ufeff" + ADDRESS},
        {"PEC_METRICS_ADDRESS": "", "PEC_REDIS_URL": ""},
        {"PEC_CONFIG": "other.toml"},
    ],
)
def test_it_reads_what_the_settings_say(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pec.toml").write_text(f'metrics_address = "{ADDRESS}"\nnamespace = "toml"\n')
    (tmp_path / "other.toml").write_text('redis_url = "redis://other:1/0"\n')
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert read() == loaded()


def test_a_value_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_bytes(b"\xef\xbb\xbfredis://:secret@h:1/0\n")
    monkeypatch.setenv("PEC_REDIS_URL_FILE", str(tmp_path / "url"))

    assert read() == loaded() == ("", "redis://:secret@h:1/0", "pec")


def test_an_installation_is_its_redis_and_namespace_whatever_user_it_is() -> None:
    ours = installation("redis://u:p@ss@h:1/0?ssl_cert_reqs=none", "pec")

    assert ours == installation("redis://h:1/0", "pec")
    assert ours != installation("redis://h:1/1", "pec")
    assert ours != installation("redis://h:1/0", "other")
