"""`docker-compose.yml`: valid, whole, and in step with the application that it runs."""

import shlex
from typing import Any

import pytest
from check_jsonschema import main as check_jsonschema  # type: ignore[import-untyped]  # it ships no types
from click import Context
from click.testing import CliRunner

from cli import pec
from console.__main__ import STOP_SECONDS as CONSOLE_STOP_SECONDS
from producers.gateway.__main__ import STOP_SECONDS
from sandbox.__main__ import main as sandbox
from tests.unit.deploy.compose import DEMO, ROOT, SECRETS, compose, environment, seconds
from tests.unit.deploy.settings import is_secret, is_setting
from workers.__main__ import SHUTDOWN_MILLISECONDS

COMPOSE = compose(DEMO)
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SCALED = SERVICES["worker"]

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
each_of_ours = pytest.mark.parametrize("service", OURS.values(), ids=OURS)


def accepted(words: list[str]) -> None:
    """The command line parses it, without running it. Raises click.UsageError."""
    name, command, arguments = pec.resolve_command(Context(pec), words)
    assert name
    assert command
    (sandbox if name == "sandbox" else command).make_context(name, arguments)


def test_it_keeps_to_the_compose_specification() -> None:
    ran = CliRunner().invoke(
        check_jsonschema, ["--builtin-schema", "vendor.compose-spec", str(ROOT / "docker-compose.yml")]
    )

    assert ran.exit_code == 0, ran.output


def test_there_are_redis_workers_and_on_request_a_gateway_a_console_and_a_sandbox() -> None:
    assert {name: service.get("profiles") for name, service in SERVICES.items()} == {
        "redis": None,
        "worker": None,
        "gateway": ["gateway"],
        "console": ["console"],
        "sandbox": ["demo"],
    }


@each_service
def test_what_a_service_refers_to_is_there(service: dict[str, Any]) -> None:
    for volume in service.get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]
    for name, dependency in service.get("depends_on", {}).items():
        assert "profiles" not in SERVICES[name]
        assert "healthcheck" in SERVICES[name] or dependency["condition"] != "service_healthy"
    for file in service.get("env_file", []):
        assert (ROOT / file["path"]).is_file()


def test_every_secret_is_a_file_of_the_demo_and_of_one_service_at_least() -> None:
    used = {name for service in SERVICES.values() for name in service.get("secrets", [])}

    assert used == COMPOSE["secrets"].keys()
    for secret in COMPOSE["secrets"].values():
        assert (ROOT / secret["file"]).read_text(encoding="utf-8").strip()


def test_an_own_site_is_never_the_demo_and_may_lack_a_settings_file() -> None:
    own = compose({})

    assert own["name"] != COMPOSE["name"], (
        "it would be the same volume, and the queue would go to the sandbox"
    )
    assert own["services"]["worker"]["env_file"] == [{"path": "deploy/own/pec.env", "required": False}]
    assert all(secret["file"].startswith("deploy/own/secrets/") for secret in own["secrets"].values())


@each_of_ours
def test_every_variable_is_a_setting(service: dict[str, Any]) -> None:
    assert [name for name in environment(service) if not is_setting(name)] == []


@each_of_ours
def test_secrets_come_as_files(service: dict[str, Any]) -> None:
    variables = environment(service)

    assert [name for name in variables if is_secret(name)] == []
    named = {value for name, value in variables.items() if name.endswith("_FILE")}
    assert named == {SECRETS + name for name in service.get("secrets", [])}


@each_of_ours
def test_its_command_is_one_of_ours(service: dict[str, Any]) -> None:
    accepted(shlex.split(service["command"]))


def test_a_workers_health_is_its_own() -> None:
    kind, program, *words = SCALED["healthcheck"]["test"]

    assert (kind, program) == ("CMD", "pec")
    assert words == ["health", "--local"]
    accepted(words)


@each_service
def test_every_service_has_a_health_check_that_ends(service: dict[str, Any]) -> None:
    check = service["healthcheck"]

    assert seconds(check["timeout"]) <= seconds(check["interval"])
    assert check["start_period"]


def test_a_worker_has_time_to_finish_its_sends() -> None:
    assert seconds(SCALED["stop_grace_period"]) >= SHUTDOWN_MILLISECONDS / 1000 + 15
    assert SCALED.get("stop_signal", "SIGTERM") == "SIGTERM"


def test_the_gateway_has_what_the_workers_have_and_time_to_finish_its_requests() -> None:
    gateway = SERVICES["gateway"]
    of_workers = {**SCALED["environment"]}
    assert of_workers.pop("PEC_METRICS_ADDRESS")
    assert gateway["environment"].items() > of_workers.items()
    assert (gateway["secrets"], gateway["volumes"]) == (SCALED["secrets"], SCALED["volumes"])
    assert gateway["expose"] == [gateway["environment"]["PEC_GATEWAY__METRICS_ADDRESS"].split(":")[1]]
    assert seconds(gateway["stop_grace_period"]) >= STOP_SECONDS + 10


def test_the_console_has_what_the_workers_have_and_time_to_finish_its_requests() -> None:
    console = SERVICES["console"]
    of_workers = {**SCALED["environment"]}
    assert of_workers.pop("PEC_METRICS_ADDRESS")
    folder = "/var/lib/pec/console"  # on the volume of the archive, since its own file system is read-only
    assert console["environment"] == {**of_workers, "PEC_CONSOLE__FOLDER": folder}
    assert (console["secrets"], console["volumes"]) == (SCALED["secrets"], SCALED["volumes"])
    assert seconds(console["stop_grace_period"]) >= CONSOLE_STOP_SECONDS + 10


def test_whatever_uses_redis_has_the_archive_of_the_site() -> None:
    bucket = "s3://bucket/prefix"
    services = compose({**DEMO, "SITE_ARCHIVE_URL": bucket})["services"]
    found = [one["environment"] for one in services.values() if "PEC_REDIS_URL" in one.get("environment", {})]

    assert [one["PEC_ARCHIVE__URL"] for one in found] == [bucket] * 3


def test_what_scales_has_no_name_and_no_port_of_its_own() -> None:
    assert not SCALED.keys() & {"container_name", "hostname", "ports", "network_mode", "networks"}
    assert SCALED["expose"] == [SCALED["environment"]["PEC_METRICS_ADDRESS"].split(":")[1]]


@each_service
def test_nothing_is_open_to_other_machines(service: dict[str, Any]) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))


@each_service
def test_a_service_can_change_nothing_but_what_it_must(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.keys() & {"privileged", "cap_add", "pid", "devices"}


def test_no_service_is_root() -> None:
    assert SERVICES["redis"]["user"].split(":")[0] not in ("", "0", "root")
    assert all("user" not in service for service in OURS.values()), "the image says who it is"


@each_service
def test_everything_comes_back_after_a_restart_of_the_machine(service: dict[str, Any]) -> None:
    assert service["restart"] == "unless-stopped"


def test_the_image_of_redis_is_of_one_minor_version() -> None:
    assert SERVICES["redis"]["image"].split(":")[1].count(".") == 1


def test_redis_keeps_its_data_on_a_volume() -> None:
    assert SERVICES["redis"]["volumes"] == ["redis:/data"]


def test_workers_share_the_archive_on_a_volume_that_their_user_may_write() -> None:
    [volume] = SCALED["volumes"]
    name, folder = volume.split(":")

    assert name in COMPOSE["volumes"]
    assert SCALED["environment"]["PEC_ARCHIVE__URL"].startswith(f"{folder}/")
    assert f"install --directory --owner pec --group pec --mode 700 {folder}\n" in DOCKERFILE


def test_containers_reach_redis_without_a_password_and_other_machines_do_not() -> None:
    command = SERVICES["redis"]["command"]

    assert command[command.index("--protected-mode") + 1] == "no"
    assert "ports" not in SERVICES["redis"]
