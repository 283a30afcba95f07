"""Every sentence that people may read, taken from the source with `ast`, each hole as `{}`.

A string with a space in it, in a module whose words reach people, counts as one unless it stands where none is
shown: in a docstring that is no help, in a log line, in a description for `docs/`. A word alone counts where it is
shown by itself: a heading, the name of a fact, what `note` says, a state. A sentence that is put together at run
time counts in its parts, as it is translated.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

from archive.signatures import Verdict
from cli.catalogue import EDGES, HOLE
from pec.names import State

ROOT = Path(__file__).parents[3]
SPEAKING = (
    *(
        "producers/**/*.py",
        "cli/**/*.py",
        "archive/**/*.py",
        "pec/operations/**/*.py",
        "config/*.py",
        "sandbox/redis_server.py",
        "pec/http/*.py",
        "workers/*.py",
        "workers/tasks/*.py",
        "workers/intake/*.py",
        "workers/mailbox/*.py",
        "workers/metrics/*.py",
        "pec/*.py",
        "pec/api/*.py",
        "pec/webhooks/*.py",
    ),
    *("pec/store/outbox.py", "pec/store/accounts.py", "pec/store/rejections.py"),
)
SILENT = {
    "tools/settings_page.py": "writes docs/settings.md",
    "pec/provider_text.py": "reads the words of providers",
    "pec/event_schema.py": "writes docs/*.json",
    "tools/schemas.py": "writes docs/*.json",
    "tools/typescript.py": "writes examples/node/pec.d.ts",
    "cli/catalogue.py": "patterns",
    "producers/campaigns/row_store.py": "SQL",
    "producers/campaigns/number_format/languages.py": "names of months and days",
    "producers/campaigns/number_format/builtin.py": "formats",
    "producers/campaigns/pec_names.py": "words of columns' names",
    "cli/demo/plan.py": "messages to send",
    **dict.fromkeys(
        ("workers/metrics/definitions.py", "workers/metrics/counters.py", "workers/metrics/server.py"),
        "Prometheus reads it",
    ),
    **dict.fromkeys(
        ("archive/cms.py", "archive/daticert.py", "archive/mime.py", "archive/chain.py"),
        "details of a verdict, for `--json`",
    ),
    "workers/__main__.py": "a process of its own, whose words are its log",
}
SQL = r"\b(CREATE|PRAGMA|SELECT|INSERT|UPDATE|WHERE|ORDER BY|PRIMARY KEY)\b"
NO_SENTENCES = {
    "[rif. {}]": "part of a subject",
    "bold red": "a colour",
    "%d/%m/%Y %H:%M:%S %z": "a form",
    "[bold red]✗[/]": "a mark",
}
WORDS = {  # of cells, and in sentences
    *("yes", "no", "all", "daily", "monthly", "default", "environment"),
    *("operator", "credentials", "wallet", "scope", "mailbox_full"),
    *(
        "reason",
        "reason_code",
        "non_accettazione",
        "mancata_consegna",
        "receipt_error",
        "replaced_by",
    ),  # of an export
    "errors",  # of a file of refused lines
}
CLICK_METAVARS = {"[OPTIONS]", "COMMAND [ARGS]...", "[COMMAND] [ARGS]..."}

UNSEEN_NAMES = {"_RECIPIENT"}  # names of columns that files have
UNSEEN_KEYWORDS = {"description", "pattern"}  # of models' fields, for docs/
UNSEEN_CALLS = {"compile", "fullmatch", "match", "search", "getLogger", "removeprefix", "_header"}
LOG_CALLS = {"debug", "info", "warning", "error", "exception"}
SHOWN_CALLS = {
    *(
        "note",
        "Failure",
        "table",
        "_table",
        "facts",
        "Fact",
        "translated",
        "say",
        "confirm",
        "prompt",
    ),
    *("add_task", "_progress", "progress_bar"),  # of a bar
    *(
        "_require",
        "_check_name",
        "served",
        "_decide",
    ),  # their words become part of a sentence
}
SHOWN_NAMES = {
    "columns",
    "headings",
    "instants",
    "_HEADINGS",
    "_TOTALS",
}  # and those of constants with headings, such as _LANES
SHOWN_KEYWORDS = {"help", "metavar", "title"}
AFTER_A_NAME: set[str] = set()  # told as "<id> <text>"


def sentences() -> set[str]:
    """All of them."""
    found = {str(state) for state in State} | {f"{{}} {state}" for state in State}
    found |= {str(verdict) for verdict in Verdict} | {f"{{}} {verdict}" for verdict in Verdict}
    found |= WORDS | CLICK_METAVARS
    for path in speaking():
        found |= set(sentences_of(path.read_text(encoding="utf-8")))
    return found - NO_SENTENCES.keys()


def speaking() -> list[Path]:
    paths = {path for pattern in SPEAKING for path in ROOT.glob(pattern)}
    return sorted(path for path in paths if str(path.relative_to(ROOT)) not in SILENT)


def sentences_of(source: str) -> Iterator[str]:
    """Those of a module."""
    tree = ast.parse(source)
    named = set(_arguments(tree, AFTER_A_NAME))
    shown, appended = set(_shown_by_themselves(tree)), set(_appended(tree))
    for node in _outermost_strings(tree, set(_unseen(tree))):
        for line in "\n".join(_variants(node)).split("\n"):
            core = core_of(
                f"{{}} {line}"
                if node in named
                else f"{{}}{line}"
                if node in appended and line.startswith(" ")
                else line
            )
            if _is_sentence(core, alone=node in shown):
                yield core


def core_of(text: str) -> str:
    """Without what joins it to others."""
    found = EDGES.fullmatch(text)
    return found[2] if found else text


def bare(source: str) -> str:
    """An entry of the catalogue as `sentences` has it."""
    return core_of(HOLE.sub("{}", source))


def _is_sentence(core: str, *, alone: bool) -> bool:
    words = core.replace("{}", "")
    if alone:
        return re.search("[A-Za-z]", words) is not None
    is_command = core.startswith(("pec ", "pec:", "#!")) or re.fullmatch("`[^`]*`", core)
    is_code = is_command or re.search(SQL, core) or re.fullmatch(r"[\W\\tnr]*|[%:\-\w]+( %[:%HM]+)", core)
    return " " in core and re.search("[a-z]", words) is not None and not is_code


def _outermost_strings(tree: ast.AST, unseen: set[ast.AST]) -> Iterator[ast.expr]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if node in unseen:
            continue
        if isinstance(node, ast.JoinedStr):
            yield node
            values = [one.value for one in node.values if isinstance(one, ast.FormattedValue)]
            waiting += [one for one in values if not _is_choice(one)]
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node
        waiting += ast.iter_child_nodes(node)


def _variants(node: ast.expr) -> Iterator[str]:
    """What an expression may say. A choice within a sentence makes several of it."""
    match node:
        case ast.Constant(value=str(text)):
            yield HOLE.sub("{}", text)
        case ast.JoinedStr(values=parts):
            yield from map("".join, product(*(list(_variants(part)) for part in parts)))
        case ast.FormattedValue(value=value) if _is_choice(value):
            yield from _variants(value)
        case ast.IfExp(body=one, orelse=other):
            yield from _variants(one)
            yield from _variants(other)
        case _:
            yield "{}"


def _is_choice(value: ast.expr) -> bool:
    return isinstance(value, ast.IfExp) and all(
        isinstance(one, ast.Constant | ast.JoinedStr) for one in (value.body, value.orelse)
    )


def _marked(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what Babel extracts, which has a catalogue of its own."""
    match node:
        case ast.Call(func=ast.Name(id="_" | "ngettext")):
            yield node
        case ast.Call(
            func=ast.Attribute(attr="option" | "version_option" | "argument" | "command"), keywords=given
        ):
            yield from (one.value for one in given if one.arg in ("help", "metavar", "message"))


def _unseen(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        yield from _marked(node)
        yield from _no_text(node)


def _no_text(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Expr(value=ast.Constant()):  # docstrings
            yield node
        case ast.keyword(arg=str(name)) if name in UNSEEN_KEYWORDS:
            yield node
        case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=name)) if name in LOG_CALLS:
            yield node
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in UNSEEN_CALLS:
            yield node
        case ast.Assign(targets=[ast.Name(id=name)]) if name in UNSEEN_NAMES:
            yield node
        case ast.Compare():
            yield node
        case ast.arg() | ast.FunctionDef() | ast.AnnAssign():  # types
            yield from filter(None, [getattr(node, "annotation", None), getattr(node, "returns", None)])


def _shown_by_themselves(tree: ast.AST) -> Iterator[ast.AST]:
    for argument in _arguments(tree, SHOWN_CALLS):
        yield from _itself_and_parts(argument)
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if name in SHOWN_NAMES or _are_headings(node.value):
                yield from _itself_and_parts(node.value)
            case ast.keyword(arg=str(name)) if name in SHOWN_KEYWORDS:
                yield node.value


def _appended(tree: ast.AST) -> Iterator[ast.expr]:
    """What is said behind something else, without a mark between them."""
    yield from (node.value for node in ast.walk(tree) if isinstance(node, ast.AugAssign))


def _are_headings(node: ast.expr) -> bool:
    """A tuple of capitals: ("ID", "STATE")."""
    match node:
        case ast.Tuple(elts=[ast.Constant(value=str(first)), ast.Constant(value=str(second)), *_]):
            return first.isupper() and second.isupper()
    return False


def _arguments(tree: ast.AST, called: set[str]) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in called:
                yield from node.args


def _itself_and_parts(node: ast.expr) -> Iterable[ast.AST]:
    """A string, those of a choice or a list of headings, the name of each fact."""
    match node:
        case ast.Tuple(elts=parts) if parts and not all(isinstance(one, ast.Constant) for one in parts):
            return _itself_and_parts(parts[0])
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return [found for one in parts for found in _itself_and_parts(one)]
        case ast.IfExp(body=one, orelse=other):
            return [*_itself_and_parts(one), *_itself_and_parts(other)]
        case ast.Constant() | ast.JoinedStr():
            return [node]
    return []
