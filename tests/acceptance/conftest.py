"""The image and the Node examples, built once for all tests; and the command in the test's process."""

import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli import run
from tests.acceptance.command import Command
from tests.acceptance.image import Image, build_image
from tests.acceptance.programs import npm_installed
from tests.integration.commands import Ran

NODE = Path(__file__).parents[2] / "examples" / "node"


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Return the image as `docker build` would make it."""
    return build_image(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Node examples with what package-lock.json names, installed."""
    return npm_installed(NODE, tmp_path_factory.mktemp("node") / "node")


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `pec` with these settings. Most of such a call's time would be the start of an interpreter."""

    def ran(settings: Mapping[str, str], *words: str) -> Ran:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in settings.items():
                environment.setenv(name, value)
            capsys.readouterr()
            try:
                code = run(words)
            except Exception:  # as an interpreter ends
                traceback.print_exc()
                code = 1
        return Ran(code, *capsys.readouterr())

    return ran
