"""`deploy/kubernetes/`: what the API server takes, in step with the application, the image and the compose file."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click import Context
from ruamel.yaml import YAML

from cli import pec
from console.__main__ import STOP_SECONDS as CONSOLE_STOP_SECONDS
from producers.gateway.__main__ import STOP_SECONDS
from tests.unit.deploy.compose import DEMO, ROOT, compose, settings_file
from tests.unit.deploy.image import stages
from tests.unit.deploy.kubernetes import (
    FOLDER,
    SECRETS,
    environment,
    faults,
    kustomization,
    one,
    read,
    resources,
)
from tests.unit.deploy.settings import is_secret, is_setting
from workers.__main__ import SHUTDOWN_MILLISECONDS

FOLDERS = [path.parent.name for path in sorted(FOLDER.glob("*/kustomization.yaml"))]
DEPLOYMENTS = {
    found["metadata"]["name"]: found
    for folder in ("base", "gateway", "console")
    for found in resources(folder)
    if found["kind"] == "Deployment"
}
PODS = {name: found["spec"]["template"]["spec"] for name, found in DEPLOYMENTS.items()}
CONTAINERS = {one["name"]: one for pod in PODS.values() for one in pod["containers"]}
WORKER = CONTAINERS["worker"]
ARCHIVE = FOLDER / "archive-volume" / "pods.yaml"
COMPOSED = compose(DEMO)["services"]["worker"]

each_pod = pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
each_container = pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)


@pytest.mark.parametrize("folder", ["base", "archive-volume", "gateway", "console"])
def test_every_object_keeps_to_the_schema_of_its_release(folder: str) -> None:
    assert [fault for found in resources(folder) for fault in faults(found)] == []


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        (
            ("spec", "template", "spec", "terminationGracePeriod"),
            90,
            "'terminationGracePeriod' was unexpected",
        ),
        (("spec", "template", "spec", "containers"), [{"image": "pec"}], "'name' is a required property"),
        (("spec", "selector"), {"matchLabels": {"a": 1}}, "1 is not of type 'string'"),
    ],
)
def test_a_mistake_in_an_object_is_found(place: tuple[str, ...], value: Any, fault: str) -> None:
    [found] = read(FOLDER / "base" / "worker.yaml")
    *way, last = place
    inner = found
    for name in way:
        inner = inner[name]
    inner[last] = value

    assert any(fault in one for one in faults(found)), faults(found)


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl, which builds the site")
@pytest.mark.parametrize("more", [(), ("../gateway", "../console")], ids=["workers", "all"])
def test_a_site_builds_into_objects_that_keep_to_the_schema_and_share_the_archive(
    more: tuple[str, ...], tmp_path: Path
) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    site = tmp_path / "demo" / "kustomization.yaml"
    components = "".join(f"  - {one}\n" for one in more)
    text = site.read_text(encoding="utf-8").replace(
        "  - ../archive-volume", f"{components}  - ../archive-volume"
    )
    site.write_text(text, encoding="utf-8")
    built = subprocess.run(
        ["kubectl", "kustomize", str(site.parent)], capture_output=True, text=True, check=True, timeout=60
    )
    found = list(YAML(typ="safe").load_all(built.stdout))

    assert [fault for one in found for fault in faults(one)] == []
    assert {one["metadata"]["namespace"] for one in found} == {"pec"}
    deployments = [one for one in found if one["kind"] == "Deployment"]
    assert len(deployments) == 1 + len(more)
    for deployment in deployments:
        pod = deployment["spec"]["template"]["spec"]
        [container] = pod["containers"]
        assert environment(container)["PEC_ARCHIVE__URL"] == COMPOSED["environment"]["PEC_ARCHIVE__URL"]
        assert {one["name"] for one in container["volumeMounts"]} == {"tmp", "secrets", "archive"}
        assert {one["name"] for one in pod["volumes"]} == {"tmp", "secrets", "archive"}
        assert deployment["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/part-of"] == "pec"


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_uses_every_file_that_it_holds(folder: str) -> None:
    found = kustomization(folder)
    used = {*found.get("resources", []), *(patch["path"] for patch in found.get("patches", []))}
    for generator in (*found.get("configMapGenerator", []), *found.get("secretGenerator", [])):
        used |= {*generator.get("envs", []), *generator.get("files", [])}
    held = {str(path.relative_to(FOLDER / folder)) for path in (FOLDER / folder).rglob("*") if path.is_file()}

    assert held - {"kustomization.yaml"} == {name for name in used if not name.startswith("..")}


@each_container
def test_its_command_is_one_of_ours(container: dict[str, Any]) -> None:
    name, command, arguments = pec.resolve_command(Context(pec), list(container["args"]))

    assert "command" not in container, "the image has it"
    assert name
    assert command
    command.make_context(name, arguments)


@each_container
def test_every_variable_is_a_setting_and_none_holds_a_secret(container: dict[str, Any]) -> None:
    assert [name for name in environment(container) if not is_setting(name) or is_secret(name)] == []


def test_secrets_are_the_files_that_the_demo_has() -> None:
    [secrets] = kustomization("demo")["secretGenerator"]
    variables = [item for container in CONTAINERS.values() for item in environment(container).items()]
    files = {value.removeprefix(SECRETS) for name, value in variables if name.endswith("_FILE")}

    assert files == {file.removeprefix("secrets/") for file in secrets["files"]}


def test_the_settings_of_the_demo_are_known_and_no_secrets() -> None:
    example = settings_file(FOLDER / "demo" / "pec.env")

    assert all(is_setting(name) and not is_secret(name) for name in example)
    assert "PEC_API__URL" not in example, "a site in a cluster is no demo of the sandbox"


def test_a_worker_has_the_variables_that_compose_gives_it() -> None:
    own, composed = set(environment(WORKER)), set(COMPOSED["environment"])

    assert composed - own == {"PEC_REDIS_URL", "PEC_ARCHIVE__URL"}, (
        "the first is a file, the second a component"
    )
    assert own - composed == {"PEC_REDIS_URL_FILE"}


@each_pod
def test_a_pod_may_do_nothing_but_its_work(pod: dict[str, Any]) -> None:
    _, image = stages()
    [[user]] = [words for name, words in image if name == "USER"]
    context = pod["securityContext"]

    assert f"{context['runAsUser']}:{context['runAsGroup']}" == user
    assert context["runAsNonRoot"] is True
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert "memory" in container["resources"]["limits"]


@each_pod
def test_the_secrets_of_a_pod_can_be_read_by_its_group_alone(pod: dict[str, Any]) -> None:
    [secret] = [volume["secret"] for volume in pod["volumes"] if "secret" in volume]

    assert secret["defaultMode"] == 0o440
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]


def test_a_worker_has_time_to_finish_its_sends() -> None:
    kind, waits = WORKER["lifecycle"]["preStop"]["exec"]["command"]

    assert kind == "sleep"
    grace = PODS["pec-worker"]["terminationGracePeriodSeconds"]
    assert grace >= SHUTDOWN_MILLISECONDS / 1000 + int(waits) + 15


def test_no_probe_restarts_a_worker_because_redis_is_away() -> None:
    paths = {name: WORKER[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}

    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    assert environment(WORKER)["PEC_METRICS_ADDRESS"].endswith(f":{WORKER['ports'][0]['containerPort']}")


def test_objects_select_the_pods_that_they_are_meant_for() -> None:
    name = "pec-worker"
    labels = DEPLOYMENTS[name]["spec"]["template"]["metadata"]["labels"]
    spread = PODS[name]["topologySpreadConstraints"]

    assert one("base", "ScaledObject", name)["spec"]["scaleTargetRef"]["name"] == name
    assert one("base", "PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"] == labels
    assert all(found["labelSelector"]["matchLabels"] == labels for found in spread)
    assert {found["topologyKey"] for found in spread} == {
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    }
    assert "replicas" not in DEPLOYMENTS[name]["spec"], "each `kubectl apply` would undo what KEDA decided"


def test_what_is_not_named_is_closed() -> None:
    policies = {
        found["metadata"]["name"]: found["spec"]
        for found in resources("base")
        if found["kind"] == "NetworkPolicy"
    }
    [label] = kustomization("base")["labels"]

    assert policies["pec-nothing"] == {
        "podSelector": {"matchLabels": label["pairs"]},
        "policyTypes": ["Ingress", "Egress"],
    }
    assert all("from" in rule for policy in policies.values() for rule in policy.get("ingress", []))


def test_a_gateway_has_the_secrets_of_the_workers_and_time_to_finish_its_requests() -> None:
    gateway = CONTAINERS["gateway"]
    kind, waits = gateway["lifecycle"]["preStop"]["exec"]["command"]
    files = {name: value for name, value in environment(WORKER).items() if name.endswith("_FILE")}

    assert kind == "sleep"
    assert PODS["pec-gateway"]["terminationGracePeriodSeconds"] >= STOP_SECONDS + int(waits) + 10
    assert environment(gateway).items() > files.items()
    assert {port["name"]: str(port["containerPort"]) for port in gateway["ports"]} == {
        "http": gateway["args"][gateway["args"].index("--port") + 1],
        "metrics": environment(gateway)["PEC_GATEWAY__METRICS_ADDRESS"].partition(":")[2],
    }


def test_a_console_has_the_secrets_of_the_workers_and_no_probe_restarts_it_because_redis_is_away() -> None:
    console = CONTAINERS["console"]
    kind, waits = console["lifecycle"]["preStop"]["exec"]["command"]
    paths = {
        name: console[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")
    }

    assert kind == "sleep"
    assert PODS["pec-console"]["terminationGracePeriodSeconds"] >= CONSOLE_STOP_SECONDS + int(waits) + 10
    assert environment(console) == {
        name: value for name, value in environment(WORKER).items() if name.endswith("_FILE")
    }
    assert paths == {"startup": "/health/live", "liveness": "/health/live", "readiness": "/health"}
    [port] = console["ports"]
    assert str(port["containerPort"]) == console["args"][console["args"].index("--port") + 1]


@pytest.mark.parametrize("folder", ["gateway", "console"])
def test_the_objects_of_a_server_select_its_pods(folder: str) -> None:
    name = f"pec-{folder}"
    labels = DEPLOYMENTS[name]["spec"]["template"]["metadata"]["labels"]
    [network] = [found["spec"] for found in resources(folder) if found["kind"] == "NetworkPolicy"]

    assert labels.items() >= one(folder, "Service", name)["spec"]["selector"].items()
    assert labels.items() >= network["podSelector"]["matchLabels"].items()
    assert kustomization("base")["labels"][0]["pairs"].items() <= labels.items()
    assert all("from" in rule for rule in network["ingress"])


def test_the_archive_is_one_volume_for_all_nodes() -> None:
    [volume] = resources("archive-volume")
    variable, campaigns, mount, claim = (
        one["value"] for one in YAML(typ="safe").load(ARCHIVE.read_text(encoding="utf-8"))
    )

    assert volume["spec"]["accessModes"] == ["ReadWriteMany"]
    assert claim["persistentVolumeClaim"]["claimName"] == volume["metadata"]["name"]
    assert (variable["name"], mount["name"]) == ("PEC_ARCHIVE__URL", claim["name"])
    assert campaigns["name"] == "PEC_CONSOLE__FOLDER"
    assert all(one["value"].startswith(f"{mount['mountPath']}/") for one in (variable, campaigns))


@pytest.mark.parametrize(
    ("folder", "name"), [("base", "pec-worker"), ("gateway", "pec-gateway"), ("console", "pec-console")]
)
def test_a_node_is_drained_also_while_redis_is_away_and_no_pod_is_ready(folder: str, name: str) -> None:
    rules = one(folder, "PodDisruptionBudget", name)["spec"]

    assert (rules["maxUnavailable"], rules["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_a_site_of_ones_own_is_not_committed() -> None:
    ignored = subprocess.run(
        [
            "git",
            "check-ignore",
            "deploy/kubernetes/own/pec.env",
            "deploy/kubernetes/own/secrets/api_token",
            ".env",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(ignored.stdout.split()) == 3
