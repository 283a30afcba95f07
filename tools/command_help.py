"""Extract texts for translators: Babel's way for `_` and `ngettext`, and what click shows as help.

Help needs no mark in the source: a command's docstring, paragraph by paragraph, and `help=` and `metavar=` of options.
"""

import ast
from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any

from babel.messages.extract import extract_python

from cli.help import AS_IT_STANDS, paragraphs

Found = tuple[int, Any, Any, Any]
_HAVE_TEXTS = {"option", "version_option", "argument", "command"}


def extract(file: IO[bytes], keywords: Any, comment_tags: Any, options: Any) -> Iterator[Found]:
    """Yield line, function, message and comments, as Babel asks of an extraction method."""
    source = file.read()
    yield from extract_python(BytesIO(source), keywords, comment_tags, options)
    for node in ast.walk(ast.parse(source)):
        for text in _shown_by_click(node):
            yield getattr(node, "lineno", 0), None, text, []


def _shown_by_click(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef(decorator_list=decorators) if any(map(_makes_a_command, decorators)):
            docstring = ast.get_docstring(node) or ""
            yield from (one for one in paragraphs(docstring) if not one.startswith(AS_IT_STANDS))
        case ast.Call(func=ast.Attribute(attr=attr), keywords=given) if attr in _HAVE_TEXTS:
            for one in given:
                match one:
                    case ast.keyword(arg="help" | "metavar", value=ast.Constant(value=str(text))):
                        yield text


def _makes_a_command(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in ("command", "group")
