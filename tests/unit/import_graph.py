"""What our modules import and call, read from their source with `ast`, and the rules they break by it."""

import ast
from collections.abc import Collection, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

LAYERS = {"cli": 0, "workers": 1, "producers": 1, "sandbox": 1, "archive": 2, "pec": 3, "config": 4}
CORE = [
    *("pec.names", "pec.jobs", "pec.messages", "pec.states", "pec.transitions"),
    *("pec.receipts", "pec.backoff", "pec.events"),
]
IMPURE = {
    *("redis", "requests", "urllib3", "urllib.request", "http", "socket", "ssl", "dramatiq", "fastapi"),
    *("os", "io", "pathlib", "shutil", "tempfile", "subprocess", "sys", "logging", "structlog", "rich"),
    *("time", "random", "secrets", "threading", "asyncio", "multiprocessing", "concurrent", "sched"),
}
CLOCKS = {"now", "utcnow", "today"}
BUILTIN_IO = {"open", "print", "input"}

Graph = dict[str, set[str]]


def upward_imports(graph: Graph) -> Iterator[str]:
    for module, imports in graph.items():
        for imported in sorted(imports):
            here, there = module.split(".")[0], imported.split(".")[0]
            if there in LAYERS and here != there and LAYERS[there] <= LAYERS[here]:
                yield f"{module} imports {imported}"


def cycle(graph: Graph) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def core_impurities(root: Path) -> Iterator[str]:
    """Impure imports and calls in the core and in whatever of `pec` it imports."""
    graph = import_graph(root)
    for module in sorted(reachable(graph, [one for one in CORE if one in graph])):
        for imported in sorted(graph[module]):
            if any(f"{imported}.".startswith(f"{impure}.") for impure in IMPURE):
                yield f"{module} imports {imported}"
        for call in impure_calls(parse(path_of(root, module))):
            yield f"{module} calls {call}"


def reachable(graph: Graph, start: list[str]) -> set[str]:
    seen: set[str] = set()
    waiting = list(start)
    while waiting:
        module = waiting.pop()
        seen.add(module)
        waiting += [
            one for one in graph[module] if one.startswith("pec.") and one in graph and one not in seen
        ]
    return seen


def impure_calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCKS:
                yield name
            case ast.Call(func=ast.Name(id=name)) if name in BUILTIN_IO:
                yield name


def import_graph(root: Path) -> Graph:
    """Each of our modules, and what it imports anywhere in it, functions included."""
    names = {name_of(root, path): path for path in modules(root)}
    return {name: set(imports(parse(path), name, path, names.keys())) for name, path in names.items()}


def imports(tree: ast.Module, module: str, path: Path, known: Collection[str]) -> Iterator[str]:
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                submodule = f"{source}.{alias.name}"
                yield submodule if submodule in known else source


def modules(root: Path) -> list[Path]:
    return [path for layer in LAYERS for path in sorted((root / layer).rglob("*.py"))]


def name_of(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def path_of(root: Path, module: str) -> Path:
    path = root.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))
