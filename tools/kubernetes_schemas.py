"""Write the part of Kubernetes' and KEDA's schemas that deploy/kubernetes/ uses, for its tests:

    pip download --no-deps kubernetes-validate==1.37.0
    python -m tools.kubernetes_schemas kubernetes_validate-1.37.0-py3-none-any.whl v1.37.0 \
        keda.sh_scaledobjects.yaml v2.20.2 > tests/unit/deploy/kubernetes.schema.json

The second file is config/crd/bases/keda.sh_scaledobjects.yaml of KEDA.
"""

import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_KINDS = {
    "io.k8s.api.apps.v1.Deployment": "apps/v1",
    "io.k8s.api.core.v1.ConfigMap": "v1",
    "io.k8s.api.core.v1.Namespace": "v1",
    "io.k8s.api.core.v1.PersistentVolumeClaim": "v1",
    "io.k8s.api.core.v1.Secret": "v1",
    "io.k8s.api.core.v1.Service": "v1",
    "io.k8s.api.core.v1.ServiceAccount": "v1",
    "io.k8s.api.networking.v1.Ingress": "networking.k8s.io/v1",
    "io.k8s.api.networking.v1.NetworkPolicy": "networking.k8s.io/v1",
    "io.k8s.api.policy.v1.PodDisruptionBudget": "policy/v1",
}
_REFERENCE = re.compile(r'"\$ref": "[^"]*#/\$defs/([^"]+)"')


def main(wheel: Path, release: str, keda: Path, keda_release: str) -> None:
    """Print one schema: `$defs` of Kubernetes, and under `kinds` what an object of each kind must be."""
    folder = f"kubernetes_validate/kubernetes-json-schema/{release}-local-strict"
    with zipfile.ZipFile(wheel) as archive:
        every = json.loads(archive.read(f"{folder}/_definitions.json"))["$defs"]
    kinds = {
        f"{version}/{name.split('.')[-1]}": {"$ref": f"#/$defs/{name}"} for name, version in _KINDS.items()
    }
    [version] = YAML(typ="safe").load(keda)["spec"]["versions"]
    kinds["keda.sh/v1alpha1/ScaledObject"] = _strict(version["schema"]["openAPIV3Schema"])
    schema = {
        "$comment": f"Made by tools/kubernetes_schemas.py of Kubernetes {release} and KEDA {keda_release}",
        "sha256": {release: _sha256(wheel), keda_release: _sha256(keda)},
        "kinds": kinds,
        "$defs": _closure(every, list(_KINDS)),
    }
    print(json.dumps(_plain(schema), sort_keys=True, separators=(",", ":")))  # noqa: T201


def _closure(every: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    """Return the wanted definitions and all that they refer to, with references of this document."""
    found: dict[str, Any] = {}
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        text = json.dumps(every[name])
        wanted += _REFERENCE.findall(text)
        found[name] = json.loads(_REFERENCE.sub(r'"$ref": "#/$defs/\1"', text))
    return found


def _strict(schema: Any) -> Any:
    """Return the schema without fields beside those it names, as the API server prunes them."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    more = {name: _strict(value) for name, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema and schema["properties"].get("spec") is None:
        more.setdefault("additionalProperties", False)
    return more


def _plain(schema: Any) -> Any:
    """Return the schema without its explanations, which are most of it."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _plain(value)
        for name, value in schema.items()
        if not (name == "description" and isinstance(value, str)) and not name.startswith("x-kubernetes")
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4])
