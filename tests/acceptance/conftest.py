"""Fixtures that are built once for all tests: the image, and the Node examples."""

from pathlib import Path

import pytest

from tests.acceptance.image import Image, build_image
from tests.acceptance.programs import npm_installed

NODE = Path(__file__).parents[2] / "examples" / "node"


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Return the image as `docker build` would make it."""
    return build_image(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Node examples with what package-lock.json names, installed."""
    return npm_installed(NODE, tmp_path_factory.mktemp("node") / "node")
