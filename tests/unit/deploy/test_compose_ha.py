"""`deploy/ha.yml`: fixed addresses, directives as the page says, and roles that outlast a restart."""

import ipaddress
import os
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from check_jsonschema import main as check_jsonschema  # type: ignore[import-untyped]  # it ships no types
from click.testing import CliRunner
from ruamel.yaml import YAML

from config.sentinel_url import SentinelUrl
from tests.unit.deploy.compose import DEMO, ROOT, compose, settings_file
from tests.unit.docs.pages import PAGES

VARIABLES = settings_file(ROOT / "deploy" / "ha.env")
TEXT = (
    (ROOT / "deploy" / "ha.yml")
    .read_text(encoding="utf-8")
    .replace("${SITE_NETWORK}", VARIABLES["SITE_NETWORK"])
)
SERVICES: dict[str, Any] = YAML(typ="safe").load(TEXT)["services"]
BASE: dict[str, Any] = compose(DEMO)["services"]
SERVERS = {name: service for name, service in SERVICES.items() if name.startswith("redis")}
SENTINELS = {name: service for name, service in SERVICES.items() if name.startswith("sentinel")}
ENVIRONMENT = SERVICES["worker"]["environment"]
FAILOVER = PAGES["docs/operations.md"].split("## Failover")[1].split("### With compose")[0]


def address(service: dict[str, Any]) -> str:
    return str(service["networks"]["default"]["ipv4_address"])


def started(service: dict[str, Any], command: list[str], folder: Path) -> str:
    """Return the command line that the service's entrypoint becomes."""
    stub = folder / "valkey-server"
    stub.write_text('#!/bin/sh\nprintf "%s " valkey-server "$@"\n', encoding="utf-8")
    stub.chmod(0o755)
    ran = subprocess.run(
        [word.replace("$$", "$") for word in [*service["entrypoint"], *command]],
        cwd=folder,
        env={"PATH": f"{folder}{os.pathsep}{os.defpath}", **service.get("environment", {})},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


def test_it_keeps_to_the_compose_specification() -> None:
    path = str(ROOT / "deploy" / "ha.yml")
    ran = CliRunner().invoke(check_jsonschema, ["--builtin-schema", "vendor.compose-spec", path])

    assert ran.exit_code == 0, ran.output


def test_there_are_three_servers_and_three_sentinels_beside_what_the_compose_file_has() -> None:
    assert (len(SERVERS), len(SENTINELS)) == (3, 3)
    assert SERVICES.keys() - SERVERS.keys() - SENTINELS.keys() <= BASE.keys()
    assert VARIABLES["COMPOSE_FILE"].split(":") == ["docker-compose.yml", "deploy/ha.yml"]


def test_whatever_uses_redis_follows_the_sentinels_and_waits_for_a_replica() -> None:
    users = {name for name, service in BASE.items() if "PEC_REDIS_URL" in service.get("environment", {})}

    assert users >= {"worker", "gateway", "console"}
    assert {name: SERVICES[name]["environment"] for name in users} == dict.fromkeys(users, ENVIRONMENT)
    assert SentinelUrl.parse(ENVIRONMENT["PEC_REDIS_URL"]).sentinels
    assert ENVIRONMENT["PEC_REDIS_REPLICAS"] >= 1


def test_no_failover_needs_a_name_server() -> None:
    [network] = YAML(typ="safe").load(TEXT)["networks"]["default"]["ipam"]["config"]
    fixed = [ipaddress.ip_address(address(service)) for service in (*SERVERS.values(), *SENTINELS.values())]

    assert len(set(fixed)) == 6
    assert all(one in ipaddress.ip_network(network["subnet"]) for one in fixed)
    assert not any(one in ipaddress.ip_network(network["ip_range"]) for one in fixed), "another could get it"
    named = SentinelUrl.parse(ENVIRONMENT["PEC_REDIS_URL"]).sentinels
    assert [host for host, _ in named] == [address(one) for one in SENTINELS.values()]


def test_servers_have_the_directives_of_the_page(tmp_path: Path) -> None:
    command = BASE["redis"]["command"]
    line = started(SERVERS["redis"], command, tmp_path)

    assert line.startswith("valkey-server valkey.conf ")
    directives = re.findall(r"^([a-z-]+ \d+)$", FAILOVER, re.MULTILINE)
    assert len(directives) == 2
    for directive in directives:
        assert f"--{directive} " in line
    assert line.endswith(" ".join(command[1:]))
    assert f"--min-replicas-to-write {ENVIRONMENT['PEC_REDIS_REPLICAS']} " in line


def test_sentinels_have_the_directives_of_the_page(tmp_path: Path) -> None:
    for sentinel in SENTINELS.values():
        (tmp_path / "sentinel.conf").unlink(missing_ok=True)
        started(sentinel, sentinel["command"], tmp_path)
        written = (tmp_path / "sentinel.conf").read_text(encoding="utf-8").splitlines()
        wanted = re.findall(r"^sentinel (?!auth-).+$", FAILOVER, re.MULTILINE)  # no password within compose
        assert written == [line.replace("10.0.0.1", address(SERVERS["redis"])) for line in wanted]


def test_a_role_that_sentinels_changed_outlasts_a_restart(tmp_path: Path) -> None:
    replica = SERVERS["redis-2"]
    rules = tmp_path / "valkey.conf"
    started(replica, ["valkey-server"], tmp_path)
    assert rules.read_text(encoding="utf-8") == f"replicaof {address(SERVERS['redis'])} 6379\n"

    rules.write_text("# promoted\n", encoding="utf-8")
    started(replica, ["valkey-server"], tmp_path)
    assert rules.read_text(encoding="utf-8") == "# promoted\n"


def test_a_restored_server_is_the_first_primary_again(tmp_path: Path) -> None:
    (tmp_path / "valkey.conf").write_text("replicaof 172.31.14.12 6379\n", encoding="utf-8")
    (tmp_path / "appendonlydir").mkdir()
    (tmp_path / "appendonlydir" / "later").touch()
    backup = tmp_path / "backup.tar"
    with tarfile.open(backup, "w") as made:
        made.addfile(tarfile.TarInfo("appendonlydir/of-the-backup"))
    [restore] = re.findall(r"--entrypoint sh redis -c '(.+)' < backup.tar", PAGES["docs/operations.md"])

    with backup.open("rb") as given:
        subprocess.run(["sh", "-c", restore.replace("/data", str(tmp_path))], stdin=given, check=True)
    started(SERVERS["redis"], ["valkey-server"], tmp_path)

    assert (tmp_path / "valkey.conf").read_text(encoding="utf-8") == "replicaof no one\n"
    assert [one.name for one in (tmp_path / "appendonlydir").iterdir()] == ["of-the-backup"]


def test_each_server_and_sentinel_keeps_what_it_knows_on_a_volume_of_its_own() -> None:
    volumes = YAML(typ="safe").load(TEXT)["volumes"].keys()
    own = {name: service["volumes"] for name, service in SERVICES.items() if "volumes" in service}

    assert own == {name: [f"{name}:/data"] for name in volumes}
    assert own.keys() | {"redis"} == SERVERS.keys() | SENTINELS.keys()
