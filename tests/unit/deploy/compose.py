"""`docker-compose.yml` as Compose reads it: variables put in, anchors merged, durations in seconds."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3]
DEMO = {"SITE": "demo"}  # as in the file's first lines
SECRETS = "/run/secrets/"  # where Compose puts them
Service = Mapping[str, Any]

_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600}


def compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """The whole file, where these variables are set."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    read: dict[str, Any] = YAML(typ="safe").load(_VARIABLE.sub(lambda m: variables.get(m[1], m[2]), text))
    return read


def seconds(duration: str) -> int:
    """`90s` → 90."""
    return sum(int(number) * _UNIT_SECONDS[unit] for number, unit in re.findall(r"(\d+)([smh])", duration))


def settings_file(path: Path) -> dict[str, str]:
    """Names and values of an environment file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def environment(service: Service) -> dict[str, str]:
    """Return the environment of a service: its files first, then its own variables, which win."""
    found: dict[str, str] = {}
    for file in service.get("env_file", []):
        if (ROOT / file["path"]).exists():
            found |= settings_file(ROOT / file["path"])
    own: dict[str, str] = service.get("environment", {})
    return found | own
