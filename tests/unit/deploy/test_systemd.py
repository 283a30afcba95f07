"""`deploy/pec-worker.service`: stops gently, starts again, hides its secrets, and does what Compose does."""

import shlex
from collections import defaultdict
from pathlib import Path

from click import Context

from cli import pec
from cli.office import recipes
from cli.office.folder import Folder
from config.settings import Settings
from console.__main__ import STOP_SECONDS as CONSOLE_STOP_SECONDS
from console.__main__ import main as console_command
from producers.gateway.__main__ import STOP_SECONDS
from tests.unit.deploy.compose import DEMO, ROOT, SECRETS, compose, settings_file
from tests.unit.deploy.settings import is_secret, is_setting
from workers.__main__ import SHUTDOWN_MILLISECONDS


def read(name: str) -> dict[str, list[str]]:
    """Each directive's values: systemd lets one stand several times."""
    found = defaultdict(list)
    for line in (ROOT / "deploy" / name).read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, value = line.split("=", 1)
            found[name].append(value)
    return found


UNIT = read("pec-worker.service")
GATEWAY = read("pec-gateway.service")
CONSOLE = read("pec-console.service")
OFFICE = read("pec-office.service")
ARCHIVE = "%S/pec/archive"
METRICS = "127.0.0.1:9464"
VARIABLES = dict(text.split("=", 1) for text in UNIT["Environment"])
WORKER = compose(DEMO)["services"]["worker"]


def test_only_the_master_gets_the_signal_to_stop_and_has_time_to() -> None:
    assert UNIT["KillMode"] == ["mixed"]
    assert not UNIT["KillSignal"]
    assert int(UNIT["TimeoutStopSec"][0]) >= SHUTDOWN_MILLISECONDS / 1000 + 15


def test_it_starts_again_unless_its_settings_are_wrong() -> None:
    assert UNIT["Restart"] == ["always"]
    assert UNIT["RestartPreventExitStatus"] == ["2"]


def test_it_runs_the_command_that_compose_runs() -> None:
    program, *words = shlex.split(UNIT["ExecStart"][0])
    name, command, arguments = pec.resolve_command(Context(pec), words)

    assert program.endswith("/bin/pec")
    assert name == "worker"
    assert command
    command.make_context(name, arguments)
    assert words == shlex.split(WORKER["command"])


def test_it_has_no_user_of_its_own_and_sees_little_of_the_machine() -> None:
    assert UNIT["DynamicUser"] == ["yes"]
    assert UNIT["ProtectSystem"] == ["strict"]
    assert UNIT["NoNewPrivileges"] == UNIT["PrivateTmp"] == UNIT["ProtectHome"] == ["yes"]
    assert UNIT["CapabilityBoundingSet"] == [""]


def test_secrets_are_credentials_that_its_settings_name() -> None:
    loaded = {text.split(":")[0] for text in UNIT["LoadCredential"]}

    assert set(VARIABLES.values()) - {ARCHIVE, METRICS} == {f"%d/{name}" for name in loaded}
    assert not any(is_secret(name) for name in VARIABLES)
    assert all(is_setting(name) for name in VARIABLES)


def test_the_same_secrets_serve_it_and_compose() -> None:
    files = {
        name: value.replace(SECRETS, "%d/")
        for name, value in WORKER["environment"].items()
        if value.startswith(SECRETS)
    }
    assert files == {name: value for name, value in VARIABLES.items() if value not in (ARCHIVE, METRICS)}


def test_the_archive_is_in_a_folder_of_its_own_that_systemd_makes() -> None:
    assert VARIABLES["PEC_ARCHIVE__URL"] == ARCHIVE
    assert UNIT["StateDirectory"] == ["pec"]
    assert UNIT["StateDirectoryMode"] == ["0700"]


def test_the_example_of_its_settings_sets_nothing_unknown_and_no_secret() -> None:
    example = settings_file(ROOT / "deploy" / "demo" / "pec.env")

    assert all(is_setting(name) and not is_secret(name) for name in example)


def test_it_waits_for_the_network() -> None:
    assert "network-online.target" in UNIT["After"][0].split()
    assert UNIT["Wants"] == ["network-online.target"]
    assert UNIT["WantedBy"] == ["multi-user.target"]


def test_the_gateway_is_confined_as_the_workers_are_and_is_their_user() -> None:
    own = {"Description", "ExecStart", "Environment", "TimeoutStopSec"}
    shared = {name for name, values in UNIT.items() if values} - own

    assert {name: GATEWAY[name] for name in shared} == {name: UNIT[name] for name in shared}
    assert GATEWAY["User"] == ["pec-worker"], "a dynamic user is called as its unit"


def test_the_gateway_runs_a_command_of_ours_and_has_time_to_finish_its_requests() -> None:
    _, *words = shlex.split(GATEWAY["ExecStart"][0])
    name, command, arguments = pec.resolve_command(Context(pec), words)

    assert name == "gateway"
    assert command
    command.make_context(name, arguments)
    assert int(GATEWAY["TimeoutStopSec"][0]) >= STOP_SECONDS + 10


def test_the_gateway_has_the_secrets_and_the_archive_of_the_workers() -> None:
    variables = dict(text.split("=", 1) for text in GATEWAY["Environment"])

    assert variables.pop("PEC_GATEWAY__METRICS_ADDRESS") == "127.0.0.1:9465"
    assert variables == {name: value for name, value in VARIABLES.items() if name != "PEC_METRICS_ADDRESS"}


def test_the_console_is_confined_as_the_workers_are_and_is_their_user() -> None:
    own = {"Description", "ExecStart", "Environment", "TimeoutStopSec"}
    shared = {name for name, values in UNIT.items() if values} - own

    assert {name: CONSOLE[name] for name in shared} == {name: UNIT[name] for name in shared}
    assert CONSOLE["User"] == ["pec-worker"], "a dynamic user is called as its unit"


def test_the_console_runs_a_command_of_ours_with_the_workers_secrets_and_archive() -> None:
    _, *words = shlex.split(CONSOLE["ExecStart"][0])
    variables = dict(text.split("=", 1) for text in CONSOLE["Environment"])

    assert words[0] == "console"
    console_command.make_context("console", words[1:])
    assert int(CONSOLE["TimeoutStopSec"][0]) >= CONSOLE_STOP_SECONDS + 10
    assert variables.pop("PEC_CONSOLE__FOLDER") == "%S/pec/console"
    assert variables == {name: value for name, value in VARIABLES.items() if name != "PEC_METRICS_ADDRESS"}


def test_an_office_is_confined_as_the_workers_are_and_has_a_folder_of_its_own() -> None:
    own = {
        *("Description", "DynamicUser", "Environment", "EnvironmentFile", "LoadCredential", "After"),
        *("ExecStart", "StateDirectory", "TimeoutStopSec"),
    }
    shared = {name for name, values in UNIT.items() if values} - own
    _, *words = shlex.split(OFFICE["ExecStart"][0])
    name, command, arguments = pec.resolve_command(Context(pec), words)

    assert {name: OFFICE[name] for name in shared} == {name: UNIT[name] for name in shared}
    assert name == "up"
    assert command
    command.make_context(name, arguments)
    assert words[words.index("--data") + 1] == f"/var/lib/{OFFICE['StateDirectory'][0]}"


def test_an_office_has_time_to_stop_its_parts_one_after_the_other(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    workers, gateway = recipes.workers(Settings.model_construct()), recipes.gateway(1)
    console = recipes.console(2)
    parts = [recipes.server(folder), workers, gateway, console]

    assert sum(part.stop_seconds for part in parts) + 10 <= int(OFFICE["TimeoutStopSec"][0])
    assert workers.stop_seconds >= SHUTDOWN_MILLISECONDS / 1000 + 15
    assert gateway.stop_seconds >= STOP_SECONDS + 10
    assert console.stop_seconds >= CONSOLE_STOP_SECONDS + 10
