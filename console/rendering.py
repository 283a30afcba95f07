"""The templates, once for each language: what they print is translated, then escaped."""

import json
import re
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from console import formats
from console.buttons import button_of
from console.language import entries, translated
from console.static_files import static_url
from pec.domains import for_people
from pec.names import State
from pec.reasons import explain
from pec.search_texts import explain_search

_CODE = re.compile(r"`([^`]*)`")
TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment(language: str) -> Environment:
    """Return the environment whose templates speak this language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=partial(_printed, language),
    )
    made.globals |= {
        "_": partial(_worded, language),
        "ngettext": partial(_counted, language),
        "static": static_url,
        "language": language,
    }
    made.filters |= {
        "say": partial(_printed, language),
        "when": formats.when,
        "day": formats.day,
        "number": partial(formats.number, language),
        "percent": formats.percent,
        "bytes": partial(formats.size, language),
        "in_path": formats.in_path,
        "for_people": for_people,
        "as_state": State,
        "explain": lambda reason: _printed(language, explain(reason)),
        "explain_search": lambda search: _printed(language, explain_search(search)),
        "prose": partial(_prose, language),
        "fill": lambda text, **values: _printed(language, text.format(**values)),
        "tojson_text": partial(json.dumps, ensure_ascii=False, indent=2),
        "brief": lambda seconds: _printed(language, formats.brief(language, seconds)),
        "duration": lambda seconds: _printed(language, formats.duration(seconds)),
    }
    return made


def render(language: str, template: str, values: dict[str, Any]) -> str:
    """Return a page. What no encoding can write, such as half a pair of surrogates of a job's JSON, becomes `?`."""
    page = environment(language).get_template(template).render(values)
    return page.encode("utf-8", "replace").decode()


def _printed(language: str, value: Any) -> Any:
    return "" if value is None else translated(language, value)


def _prose(language: str, value: Any, capital: bool = True) -> Markup:
    """Return a text with a capital letter, and with what stands in backquotes as code, or as the button for it here.

    It is escaped first.
    """
    said = str(_printed(language, value))
    if capital:
        said = said[:1].upper() + said[1:]
    return Markup(_CODE.sub(partial(_code, language), str(escape(said))))  # noqa: S704


def _code(language: str, found: re.Match[str]) -> str:
    button = button_of(found[1])
    return f"«{_printed(language, button)}»" if button else f"<code>{found[1]}</code>"


def _worded(language: str, msgid: str, **values: Any) -> str:
    """Return a text of a template with its fields filled in."""
    return _filled(entries(language).gettext(msgid), language, values)


def _counted(language: str, singular: str, plural: str, count: int, **values: Any) -> str:
    """Return the form for a count, whose field shows it as people write numbers."""
    text = entries(language).ngettext(singular, plural, count)
    return _filled(text, language, {"count": formats.number(language, count), **values})


def _filled(text: str, language: str, values: dict[str, Any]) -> str:
    return text.format_map({name: _printed(language, value) for name, value in values.items()})
