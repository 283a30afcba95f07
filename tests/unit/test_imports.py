"""The contracts of pyproject.toml hold, and a breach of each is found; the core calls no clock and opens no file."""

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PYPROJECT["tool"]["importlinter"]["root_packages"]
LINT = str(Path(sys.executable).with_name("lint-imports"))
CLOCKS = {"now", "utcnow", "today"}
BUILTIN_IO = {"open", "print", "input"}


def test_every_contract_holds() -> None:
    done = lint(ROOT)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "source", "contract"),
    [
        ("config.bad", "import pec.names", "Imports point down"),
        ("pec.api.bad", "from workers import app", "Imports point down"),
        ("archive.bad", "def f():\n    from cli import main", "Imports point down"),
        ("producers.bad", "from workers import app", "Imports point down"),
        ("sandbox.bad", "from producers import producer", "Imports point down"),
        ("cli.bad", "from workers import app", "starts workers"),
        ("pec.store.bad", "from pec.operations import overview", "the store no operation"),
        ("pec.api.bad", "import pec.webhooks.delivery", "the store no operation"),
        ("config.redis_url", "from config import settings", "in one direction"),
        ("pec.store.keys", "def f():\n    from pec.store import store", "in one direction"),
        ("pec.jobs", "from time import monotonic", "of pec itself"),
        ("archive.signatures", "from pathlib import Path", "Signatures are judged"),
        ("pec.states", "from pec.store import keys", "of pec itself"),
        ("pec.operations.bad", "def f():\n    import rich.table", "knows a terminal"),
        ("cli.bad", "from pec.store.outbox import Outbox", "not the store"),
        ("cli.bad", "def f():\n    from pec.api.client import PecClient", "not the store"),
        ("console.bad", "from pec.store import keys", "not the store"),
        ("console.bad", "from sandbox import app", "A console reads and acts"),
        ("console.bad", "from cli import output", "Imports point down"),
    ],
)
def test_a_breach_of_each_contract_is_found(tmp_path: Path, module: str, source: str, contract: str) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module.replace(".", "/")).with_suffix(".py").open("a", encoding="utf-8") as file:
        file.write(f"\n{source}\n")

    done = lint(tmp_path)

    assert done.returncode != 0
    assert contract in " ".join(done.stdout.partition("Broken contracts")[2].split())


def test_the_core_calls_no_clock_and_opens_no_file() -> None:
    core = sorted((ROOT / "pec").glob("*.py"))

    assert [
        f"{path.name} calls {name}"
        for path in core
        for name in impure_calls(path.read_text(encoding="utf-8"))
    ] == []


@pytest.mark.parametrize(
    "source",
    ["datetime.now(UTC)", "x = datetime.date.today()", "def f():\n    return open('x')", "print(1)"],
)
def test_a_clock_or_a_file_in_the_core_is_found(source: str) -> None:
    assert len(list(impure_calls(source))) == 1


def test_every_package_is_listed_in_pyproject() -> None:
    present = {
        ".".join(path.relative_to(ROOT).parent.parts)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }

    assert present - {"tools"} == set(PYPROJECT["tool"]["setuptools"]["packages"])


def test_no_test_imports_another_test_or_a_conftest() -> None:
    imported = {
        (str(path.relative_to(ROOT)), name)
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (getattr(node, "module", None), *(alias.name for alias in node.names))
        if name
    }

    assert [(path, name) for path, name in sorted(imported) if shares_a_test(name)] == []


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache", "--no-logo"], cwd=root, capture_output=True, text=True, check=False
    )


def shares_a_test(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last == "conftest" or last.startswith("test_")


def impure_calls(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCKS:
                yield name
            case ast.Call(func=ast.Name(id=name)) if name in BUILTIN_IO:
                yield name
