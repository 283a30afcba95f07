"""The image's environment without an engine: the wheel that the Dockerfile builds, beside what it needs to run."""

import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from tests.unit.deploy.image import instructions, lay_context
from tests.unit.deploy.locks import pinned_here

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@dataclass(frozen=True)
class Image:
    """`programs` is the folder that the image puts on PATH."""

    wheel: Path
    programs: Path


def build_image(folder: Path) -> Image:
    """Installed packages are linked, not downloaded; of those, only what requirements-run.lock pins."""
    wheel = _build_wheel(folder)
    venv.create(folder / "pec", with_pip=False, symlinks=True)
    [packages] = (folder / "pec").glob("lib/python*/site-packages")
    for source in _run_packages():
        (packages / source.name).symlink_to(source)
    programs = folder / "pec" / "bin"
    install = ["--python", str(programs / "python"), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*PIP, *install], check=True)
    return Image(wheel, programs)


def _build_wheel(folder: Path) -> Path:
    """From what the Dockerfile copies, with its command."""
    context = folder / "context"
    context.mkdir()
    lay_context(context)
    [command] = [words for name, words in instructions() if words[:2] == ["pip", "wheel"]]
    options = " ".join(command).split("&&")[0].replace("/wheel ", f"{folder} ").split()[1:]
    subprocess.run([*PIP, *options], cwd=context, check=True)
    [wheel] = folder.glob("*.whl")
    return wheel


def _run_packages() -> Iterator[Path]:
    """Yield the top folders and files of the packages of requirements-run.lock that are installed here."""
    for name in pinned_here("requirements-run.lock"):
        found = distribution(name)
        tops = {file.parts[0] for file in found.files or []} - {"..", "__pycache__"}
        yield from (Path(str(found.locate_file(top))) for top in tops)
