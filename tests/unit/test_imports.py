"""The import graph is the architecture (workers, producers, sandbox → pec → config): this keeps it so."""

import tomllib
from pathlib import Path

import pytest

from tests.unit.import_graph import core_impurities, cycle, import_graph, modules, upward_imports

ROOT = Path(__file__).parents[2]


def test_imports_point_down_and_never_sideways() -> None:
    assert list(upward_imports(import_graph(ROOT))) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert cycle(import_graph(ROOT)) == []


def test_what_the_command_line_shows_knows_nothing_of_it() -> None:
    below = ("producers.campaigns", "archive", "pec.record_json")
    used = [
        name for module, names in import_graph(ROOT).items() if module.startswith(below) for name in names
    ]

    assert [name for name in used if name.startswith("cli")] == []


def test_the_functional_core_has_no_io_and_no_clock() -> None:
    assert list(core_impurities(ROOT)) == []


def test_every_module_is_seen() -> None:
    graph = import_graph(ROOT)

    assert {"pec.names", "config.settings", "pec.api.errors"} <= graph.keys()
    assert "config.sources" in graph["config.settings"]


def test_every_package_is_listed_in_pyproject() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]

    present = {".".join(path.relative_to(ROOT).parent.parts) for path in modules(ROOT)}

    assert present == set(listed)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("config/bad.py", "import pec.names"),
        ("config/bad.py", "from pec import names"),
        ("pec/bad.py", "import workers"),
        ("pec/bad.py", "def f():\n    from cli import main"),
        ("workers/bad.py", "import sandbox.api"),
        ("producers/bad.py", "from workers import app"),
        ("sandbox/bad.py", "from producers import cli"),
        ("pec/api/bad.py", "from ...workers import app"),
    ],
)
def test_an_import_up_or_sideways_is_found(tmp_path: Path, file: str, source: str) -> None:
    plant(tmp_path, {file: source, "pec/names.py": ""})

    assert len(list(upward_imports(import_graph(tmp_path)))) == 1


def test_a_circle_is_found(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "pec/a.py": "from pec import b",
            "pec/b.py": "import pec.store.c",
            "pec/store/c.py": "from ..a import thing",
        },
    )

    assert set(cycle(import_graph(tmp_path))) == {"pec.a", "pec.b", "pec.store.c"}


@pytest.mark.parametrize(
    "source",
    [
        "import redis",
        "from time import monotonic",
        "import urllib.request",
        "from datetime import datetime, UTC\nx = datetime.now(UTC)",
        "import datetime\nx = datetime.date.today()",
        "def f():\n    return open('x')",
        "from pec.thin import store",
    ],
)
def test_io_and_clocks_in_the_core_are_found(tmp_path: Path, source: str) -> None:
    plant(tmp_path, {"pec/jobs.py": source, "pec/thin.py": "import redis"})

    assert len(list(core_impurities(tmp_path))) == 1


def plant(root: Path, sources: dict[str, str]) -> None:
    for name, source in sources.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
