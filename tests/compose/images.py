"""The images that the Dockerfile and the compose file name, made of Debian's packages instead of pulled."""

import os
import shutil
import ssl
import subprocess
from pathlib import Path

from tests.compose.engine import Engine
from tests.unit.deploy.compose import compose
from tests.unit.deploy.image import stages

_SUITE = "trixie"
_PACKAGES = "python3,python3-pip,python3-venv,ca-certificates,valkey-server,valkey-tools"
REDIS_USER = 999  # of the official image


def provide(engine: Engine) -> None:
    """Make both from one root file system, unless the engine has them from an earlier run."""
    present = engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    python, redis = _python_image(), compose({})["services"]["redis"]["image"]
    if {python, redis} <= set(present):
        return
    root = engine.folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    with (engine.folder / "debootstrap.log").open("wb") as log:
        options = ["--variant=minbase", f"--include={_PACKAGES}", _SUITE, str(root)]
        subprocess.run(["debootstrap", *options], stdout=log, stderr=log, check=True, timeout=550)
    _resemble_official_images(root)
    archive = engine.folder / "root.tar"
    subprocess.run(["tar", "--create", "--file", str(archive), "--directory", str(root), "."], check=True)
    engine.docker("import", str(archive), python)
    place = ("--change", "WORKDIR /data", "--change", "VOLUME /data", "--change", f"USER {REDIS_USER}")
    engine.docker("import", *place, str(archive), redis)
    archive.unlink()
    shutil.rmtree(root)


def _resemble_official_images(root: Path) -> None:
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    for marker in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        marker.unlink()
    (root / "data").mkdir()
    os.chown(root / "data", REDIS_USER, REDIS_USER)
    trusted = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    if trusted:  # pip reaches its index as it does on this machine
        shutil.copy(trusted, root / "etc/ssl/certs/ca-certificates.crt")
        (root / "etc/pip.conf").write_text(
            "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n", encoding="utf-8"
        )


def _python_image() -> str:
    _, image = stages()
    [[name]] = [words for instruction, words in image if instruction == "FROM"]
    return name
