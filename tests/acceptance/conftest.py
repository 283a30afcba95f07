"""The image, built once for all tests that run something of it."""

import pytest

from tests.acceptance.image import Image, build_image


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """What `docker build` would make."""
    return build_image(tmp_path_factory.mktemp("image"))
