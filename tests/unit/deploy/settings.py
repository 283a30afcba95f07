"""The settings of a deployment, compared with the known ones."""

import re

from config.settings import Settings
from config.sources import variables
from tests.unit.deploy.compose import SECRETS as SECRETS

_KNOWN = [re.escape(name).replace("<NAME>", r"[A-Z0-9_-]+?") for name, _ in variables(Settings)]
_SECRET = re.compile(r"PEC_.*(TOKEN|PASSWORD|ENDPOINTS|SECRET)")


def is_setting(variable: str) -> bool:
    """A variable of ours, or one that names the file of its value."""
    return any(re.fullmatch(name, variable.removesuffix("_FILE")) for name in _KNOWN)


def is_secret(variable: str) -> bool:
    """Whether its own value must not stand in a file that is committed or an environment that can be looked at."""
    return bool(_SECRET.fullmatch(variable))
