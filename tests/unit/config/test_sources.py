"""The sources of settings: the environment, files that it names, and `pec.toml`; and unknown names."""

from pathlib import Path

import pytest

from config.settings import Settings
from tests.unit.config.loading import load, refusal

TOML = """
namespace = "from-toml"

[api]
rate = 2.5
token = "toml-token"

[accounts.ACME]
sender = "acme@pec.example"
username = "acme"

[[webhooks.endpoints]]
url = "https://hooks.example/pec"
secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
"""


def test_a_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")

    settings = load(monkeypatch, PEC_API__TOKEN_FILE=str(tmp_path / "token"))

    assert settings.api.token is not None
    assert settings.api.token.get_secret_value() == "from-a-file"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_secret_that_notepad_or_powershell_wrote_is_without_its_mark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "token").write_bytes("live-token\r\n".encode(encoding))

    token = load(monkeypatch, PEC_API__TOKEN_FILE=str(tmp_path / "token")).api.token

    assert token is not None
    assert token.get_secret_value() == "live-token"


def test_the_mark_of_an_env_file_belongs_to_no_name_and_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, **{"\ufeffPEC_NAMESPACE": "first", "PEC_API__TOKEN": "\ufefflive-token"})

    assert settings.namespace == "first"
    assert settings.api.token is not None
    assert settings.api.token.get_secret_value() == "live-token"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_pec_toml_that_notepad_wrote_is_read(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    Path("pec.toml").write_bytes(TOML.replace("\n", "\r\n").encode(encoding))

    settings = load(monkeypatch, PEC_ACCOUNTS__ACME__PASSWORD="hunter2")

    assert settings.namespace == "from-toml"


def test_a_json_list_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "backoff").write_text("[7, 8]")

    assert load(
        monkeypatch, PEC_RECEIPTS__BACKOFF_SECONDS_FILE=str(tmp_path / "backoff")
    ).receipts.backoff_seconds == [7, 8]


def test_a_file_that_can_t_be_read_is_reported_by_the_variable_s_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = refusal(monkeypatch, PEC_API__TOKEN_FILE="/nowhere/token")

    assert line.startswith("PEC_API__TOKEN_FILE: can't read /nowhere/token")


def test_an_empty_secret_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")

    assert "is empty" in refusal(monkeypatch, PEC_API__TOKEN_FILE=str(tmp_path / "token"))


def test_a_variable_and_its_file_can_t_both_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    line = refusal(monkeypatch, PEC_API__TOKEN="a", PEC_API__TOKEN_FILE="/nowhere")

    assert line == "PEC_API__TOKEN and PEC_API__TOKEN_FILE are both set: keep one"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, PEC_API__DAILY_CAP="", PEC_API__TOKEN="", PEC_REDIS_URL="")

    assert settings.api.daily_cap is None
    assert settings.api.token is None
    assert settings.redis_url == "redis://localhost:6379/0"


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("PEC_REDIS_ULR", "PEC_REDIS_URL"),
        ("PEC_API__TOKN", "PEC_API__TOKEN"),
        ("PEC_API_TOKEN", "PEC_API__TOKEN"),
        ("PEC_ACCOUNTS__ACME__PASWORD", "PEC_ACCOUNTS__ACME__PASSWORD"),
        ("PEC_WEBHOOK__ENDPOINTS", "PEC_WEBHOOKS__ENDPOINTS"),
        ("pec_redis_ulr", "PEC_REDIS_URL"),
    ],
)
def test_a_mistyped_variable_is_refused_with_the_name_that_was_meant(
    monkeypatch: pytest.MonkeyPatch, typo: str, meant: str
) -> None:
    lines = refusal(monkeypatch, **{typo: "s3cret"})

    assert f"{typo.upper()}: there is no such setting: did you mean {meant}?" in lines.splitlines()
    assert "s3cret" not in lines


def test_a_file_of_a_secret_that_pec_toml_names_is_refused_with_the_place_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text('[api]\ntoken_file = "token.txt"\n')

    line = refusal(monkeypatch, PEC_CONFIG=str(tmp_path / "own.toml"))

    assert line == (
        "PEC_API__TOKEN_FILE: works in the environment only: set it there, or write the value itself into pec.toml"
    )


def test_a_variable_like_no_setting_is_refused_without_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, PEC_ZEBRA="1") == "PEC_ZEBRA: there is no such setting: see `pec config`"


def test_a_mistyped_file_variable_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")

    line = refusal(monkeypatch, PEC_API_TOKEN_FILE=str(tmp_path / "token"))

    assert line == "PEC_API_TOKEN: there is no such setting: did you mean PEC_API__TOKEN?"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PEC_SANDBOX_PORT", "8025"),
        ("PEC_SERVICE_HOST", "10.0.0.1"),
        ("PEC_REDIS_SERVICE_PORT_REDIS", "6379"),
        ("PEC_REDIS_PORT", "tcp://10.0.0.1:6379"),
        ("PEC_REDIS_PORT_6379_TCP_ADDR", "10.0.0.1"),
        ("SPEC_X", "1"),
    ],
)
def test_the_sandbox_s_and_kubernetes_own_variables_are_let_be(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert load(monkeypatch, **{name: value}) == Settings()


def test_pec_toml_in_the_working_directory_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pec.toml").write_text(TOML)

    settings = load(monkeypatch, PEC_ACCOUNTS__ACME__PASSWORD="hunter2")

    assert settings.namespace == "from-toml"
    assert settings.api.rate == 2.5
    assert settings.accounts["acme"].sender == "acme@pec.example"
    assert settings.webhooks.endpoints[0].name == "0"


def test_the_environment_wins_over_pec_toml(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pec.toml").write_text('namespace = "file"\n[api]\nrate = 2.5\nmargin_seconds = 1\n')

    settings = load(monkeypatch, PEC_API__RATE="4")

    assert settings.namespace == "file"
    assert settings.api.rate == 4
    assert settings.api.margin_seconds == 1


def test_pec_config_names_another_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('namespace = "other"')

    assert load(monkeypatch, PEC_CONFIG=str(tmp_path / "other.toml")).namespace == "other"


def test_a_file_that_pec_config_names_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, PEC_CONFIG="/nowhere.toml").startswith("PEC_CONFIG: there is no file")


def test_a_toml_syntax_error_names_the_file_and_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pec.toml").write_text('namespace = "x"\n[api]\ntoken = s3cret\n')

    line = refusal(monkeypatch)

    assert line.startswith("pec.toml: is not TOML")
    assert "line 3" in line
    assert "s3cret" not in line


def test_a_pec_toml_that_is_a_folder_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pec.toml").mkdir()

    assert refusal(monkeypatch).startswith("pec.toml: can't be read (Is a directory)")


def test_a_mistyped_key_in_pec_toml_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pec.toml").write_text("redis_ulr = 'x'\n[api]\nraet = 1\n")

    assert sorted(refusal(monkeypatch).splitlines()) == [
        "PEC_API__RAET: there is no such setting: did you mean PEC_API__RATE?",
        "PEC_REDIS_ULR: there is no such setting: did you mean PEC_REDIS_URL?",
    ]


@pytest.mark.parametrize(
    "name", ["PEC_WEBHOOKS__ENDPOINTS", "PEC_API", "PEC_ACCOUNTS", "PEC_RECEIPTS__BACKOFF_SECONDS"]
)
def test_broken_json_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    line = refusal(monkeypatch, **{name: '[{"secret": "s3cret"'})

    assert line.startswith(f"{name}: must be JSON (")
    assert "s3cret" not in line
