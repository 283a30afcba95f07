"""`deploy/kubernetes/` as its tests read it, and the schemas of a release of Kubernetes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.unit.deploy.compose import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
SECRETS = "/run/secrets/pec/"
_SCHEMA = json.loads(Path(__file__).with_name("kubernetes.schema.json").read_text(encoding="utf-8"))
Object = dict[str, Any]


def read(path: Path) -> list[Object]:
    """Return the objects of a file."""
    return list(YAML(typ="safe").load_all(path.read_text(encoding="utf-8")))


def kustomization(name: str) -> Object:
    [found] = read(FOLDER / name / "kustomization.yaml")
    return found


def resources(name: str) -> Iterator[Object]:
    """Yield the objects that a folder brings itself."""
    for file in kustomization(name)["resources"]:
        if (FOLDER / name / file).is_file():
            yield from read(FOLDER / name / file)


def faults(found: Object) -> list[str]:
    """Return what the API server would refuse or drop: unknown fields too."""
    kind = f"{found['apiVersion']}/{found['kind']}"
    if kind not in _SCHEMA["kinds"]:
        return [f"{kind} is not in the schema: add it to tools/kubernetes_schemas.py"]
    validator = Draft202012Validator({**_SCHEMA["kinds"][kind], "$defs": _SCHEMA["$defs"]})
    return [f"{kind} {one.json_path}: {one.message}" for one in validator.iter_errors(found)]


def one(folder: str, kind: str, name: str) -> Object:
    """Return an object that a folder brings."""
    every = {(found["kind"], found["metadata"]["name"]): found for found in resources(folder)}
    return every[kind, name]


def environment(container: Object) -> dict[str, str]:
    """Return a container's own variables."""
    return {variable["name"]: variable["value"] for variable in container["env"]}
