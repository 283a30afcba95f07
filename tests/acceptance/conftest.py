"""Fixtures that are built once for all tests: the image, and the Node examples."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.image import Image, build_image
from tests.acceptance.programs import absent, program

NODE = Path(__file__).parents[2] / "examples" / "node"
NPM_SECONDS = 150


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Return the image as `docker build` would make it."""
    return build_image(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Node examples with what package-lock.json names, installed."""
    npm = program("npm", in_ci=True)
    folder = tmp_path_factory.mktemp("node") / "node"
    shutil.copytree(NODE, folder, ignore=shutil.ignore_patterns("node_modules"))
    command = [npm, "ci", "--prefer-offline", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=NPM_SECONDS, check=False
    )
    if done.returncode:
        absent(f"npm ci failed, which needs its registry once: {done.stderr[-500:]}", in_ci=True)
    return folder
