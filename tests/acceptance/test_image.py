"""The contents of the image: its wheel runs with no other packages than those of requirements-run.lock."""

import os
import subprocess
from pathlib import Path
from zipfile import ZipFile

from tests.acceptance.image import Image
from tests.unit.deploy.image import ROOT, copied

SOURCES = {".po"}  # translators edit it; what runs is the .mo beside it
OF_EXTRAS = {"workers.opentelemetry_spans"}  # read only if PEC_OTEL asks for it
IMPORT_ALL = f"""
from importlib import import_module
from pkgutil import walk_packages
import config, pec, producers, sandbox, workers
for package in (config, pec, producers, sandbox, workers):
    assert "site-packages" in package.__file__, package.__file__
    for module in walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__") and module.name not in {OF_EXTRAS}:
            import_module(module.name)
"""


def run(image: Image, *command: str) -> "subprocess.CompletedProcess[str]":
    """A program of the image, in a folder where nothing is ours."""
    environment = {"PATH": f"{image.programs}{os.pathsep}{os.defpath}"}
    return subprocess.run(
        [str(image.programs / command[0]), *command[1:]],
        env=environment,
        cwd=image.programs,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def files_of(folder: Path) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__" and path.suffix not in SOURCES
    }


def test_the_wheel_holds_every_file_of_every_package(image: Image) -> None:
    packages = [ROOT / source for source, _ in copied() if (ROOT / source).is_dir()]

    with ZipFile(image.wheel) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert held == set().union(*map(files_of, packages)), (
        "data files are named in pyproject.toml, package-data"
    )
    assert any(name.endswith(".lua") for name in held)


def test_the_command_runs_with_what_is_locked_to_run(image: Image) -> None:
    ran = run(image, "pec", "--help")

    assert ran.returncode == 0, ran.stderr
    assert "worker" in ran.stdout


def test_no_module_needs_a_tool_of_development(image: Image) -> None:
    ran = run(image, "python", "-c", IMPORT_ALL)

    assert ran.returncode == 0, ran.stderr
    assert run(image, "python", "-c", "import pytest").returncode == 1
