"""How a probe finds the worker of this machine that serves HTTP, without the libraries that settings and Redis need.

Their import takes 0.4 s of CPU, and a probe runs every few seconds.
"""

import os
import zlib
from pathlib import Path
from typing import Any

from config.text_files import MARK, read_text

REDIS_URL = "redis://localhost:6379/0"
NAMESPACE = "pec"
WORKERS, INSTALLATION = "Pec-Workers", "Pec-Installation"  # headers of an answer


def installation(redis_url: str, namespace: str) -> str:
    """Return a name for an installation: its Redis and namespace, without user and password."""
    scheme, rest = redis_url.partition("?")[0].partition("://")[::2]
    place = " ".join((scheme, rest.rpartition("@")[2], namespace))
    return f"{zlib.crc32(place.encode()):08x}"


def stated(name: str) -> str | None:
    """Return a setting of text as the environment or pec.toml states it, or None. Nothing is checked.

    Raise OSError or ValueError if a file can't be read.
    """
    environment = {key.upper(): value.removeprefix(MARK) for key, value in os.environ.items()}
    variable = f"PEC_{name.upper()}"
    if value := environment.get(variable):
        return value
    if path := environment.get(f"{variable}_FILE"):
        return read_text(Path(path)).strip()
    return _of_toml(Path(environment.get("PEC_CONFIG") or "pec.toml"), name)


def _of_toml(path: Path, name: str) -> str | None:
    if not path.exists():
        return None
    import tomllib  # only if there is such a file

    found: Any = tomllib.loads(read_text(path)).get(name)
    return found if isinstance(found, str) else None
