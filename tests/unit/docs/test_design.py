"""The source tree of docs/design.md is the tree of packages."""

import re
import tomllib

from tests.unit.docs.pages import PAGES, ROOT


def folders(tree: str) -> set[str]:
    """Return the folders of the drawn tree, each with those above it."""
    path: list[str] = []
    found = set()
    for indent, name in re.findall(r"^ {4}( *)(\w+)/ ", tree, re.MULTILINE):
        path[len(indent) // 2 :] = [name]
        found.add("/".join(path))
    return found


def test_the_tree_shows_every_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name.replace(".", "/") for name in project["tool"]["setuptools"]["packages"]}
    shown = folders(PAGES["docs/design.md"].split("## Source tree")[1].split("\n## ")[0])

    assert packages - shown == {"producers/campaigns/spreadsheet/number_format"}, "named in the line above it"
    assert [name for name in sorted(shown) if not (ROOT / name).is_dir()] == []
