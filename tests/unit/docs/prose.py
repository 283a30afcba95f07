"""The prose of the repository, file by file, and which of its words and openings the house does not use.

`python -m tests.unit.docs.prose` prints the files with faults; with paths, it prints the faults of these files.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.unit.docs.pages import ROOT

_BANNED = re.compile(
    r"\b(tell|tells|told|telling|hear|hears|heard|vouch\w*|deeds?|becomes? of|became of|becoming of|say again"
    r"|leaves? to|young|crowd\w*|strangers?|by itself|in life|as it is|whoever|nobody|somebody)\b",
    re.IGNORECASE,
)
_OPENINGS = {"Of", "By", "As", "Where", "Those", "What"}
_CODE = re.compile(r"^ *```.*?^ *```|`[^`]*`|\]\([^)]*\)", re.DOTALL | re.MULTILINE)
_NO_PROSE = {"node_modules", "build", "data"}
_COMMENTS = {  # how a comment begins, in files of which only the comments are prose
    ".lua": "--",
    ".sh": "#",
    ".toml": "#",
    ".mjs": "//",
    ".php": "//",
}
_TEXTS = {".yml", ".yaml", ".service", ".env"}  # all of them is prose, as far as words go
_GENERATED = {"docs/benchmarks.md"}
_THESE = {"tests/unit/docs/prose.py", "tests/unit/docs/test_prose.py"}


def files() -> list[str]:
    """Return the paths of all files that hold prose, sorted."""
    tops = [path for path in ROOT.iterdir() if not path.name.startswith(".") and path.name not in _NO_PROSE]
    below = [path for top in tops if top.is_dir() for path in top.rglob("*")]
    names = [
        str(path.relative_to(ROOT))
        for path in (*tops, *below)
        if path.suffix in {".py", ".md", *_COMMENTS, *_TEXTS} and not _NO_PROSE & set(path.parts)
    ]
    return sorted(set(names) - _GENERATED - _THESE)


def faults(name: str) -> list[str]:
    """Return what is wrong with the prose of a file, each with its line."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = [
        f"{name}:{line}: not our word: {' '.join(word.group().split())}"
        for line, part in _parts(name, text)
        for word in _BANNED.finditer(_CODE.sub(" ", part))
    ]
    return [*found, *(_openings(name, text) if name.endswith(".py") else [])]


def long_sentences(page: str, most_words: int) -> list[str]:
    """Return the sentences of a page that have more words; tables and code are left out, a span of code is one word."""
    text = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`", "code", re.sub(r"\]\([^)]*\)", "]", text))
    parts = re.split(r"\n\s*\n|\n(?=\s*(?:- |\d+\. |\|))", text)
    prose = [" ".join(part.split()) for part in parts if not part.startswith(("|", "    "))]
    sentences = [one for part in prose for one in re.split(r"(?<=[.:;?!])\**\s+", part)]
    return [one for one in sentences if len(re.findall(r"\S*\w\S*", one)) > most_words]


def _parts(name: str, text: str) -> Iterator[tuple[int, str]]:
    suffix = Path(name).suffix
    if suffix == ".md":
        # Blocks of code stay as empty lines, so that what follows keeps its number.
        kept = _CODE.sub(lambda code: "\n" * code.group().count("\n"), text)
        yield from enumerate(kept.split("\n"), 1)
    elif suffix == ".py":
        yield from _comments(text)
        yield from _strings(text, documented_only=name.startswith("tests/"))
        yield from _sentences_of_tests(text)
    elif suffix in _TEXTS:
        yield from enumerate(text.split("\n"), 1)
    else:
        mark = _COMMENTS[suffix]
        for number, line in enumerate(text.split("\n"), 1):
            _, found, comment = line.partition(mark)
            if found:
                yield number, comment


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _strings(text: str, *, documented_only: bool) -> Iterator[tuple[int, str]]:
    """Yield the docstrings, and of the product also each string of several words: people read those."""
    tree = ast.parse(text)
    documented = {id(node) for node in _docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            several_words = node.value.count(" ") > 1 and not documented_only
            if several_words or id(node) in documented:
                yield node.lineno, node.value


def _sentences_of_tests(text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.lineno, node.name.replace("_", " ")


def _openings(name: str, text: str) -> list[str]:
    return [
        f"{name}:{node.lineno}: a docstring opens with {word}"
        for node in _docstrings(ast.parse(text))
        if (word := re.split(r"\W", str(node.value).strip(), maxsplit=1)[0]) in _OPENINGS
    ]


def _docstrings(tree: ast.AST) -> list[ast.Constant]:
    bodies = [
        node.body
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    # A string that stands alone documents what is above it: a function, a module, a constant.
    return [
        part.value
        for body in bodies
        for part in body
        if isinstance(part, ast.Expr)
        and isinstance(part.value, ast.Constant)
        and isinstance(part.value.value, str)
    ]


if __name__ == "__main__":
    given = sys.argv[1:]
    lines = (
        [fault for name in given for fault in faults(name)] if given else [n for n in files() if faults(n)]
    )
    sys.stdout.writelines(f"{line}\n" for line in lines)
