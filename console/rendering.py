"""The templates, once for each language: what they print is translated, then escaped."""

from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from console import formats
from console.language import entries, translated
from console.static_files import static_url

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
        "duration": lambda seconds: _printed(language, formats.duration(seconds)),
    }
    return made


def render(language: str, template: str, values: dict[str, Any]) -> str:
    """Return a page."""
    return environment(language).get_template(template).render(values)


def _printed(language: str, value: Any) -> Any:
    return "" if value is None else translated(language, value)


def _worded(language: str, msgid: str, **values: Any) -> str:
    """Return a text of a template with its fields filled in."""
    return _filled(entries(language).gettext(msgid), language, values)


def _counted(language: str, singular: str, plural: str, count: int, **values: Any) -> str:
    """Return the form for a count, whose field shows it as people write numbers."""
    text = entries(language).ngettext(singular, plural, count)
    return _filled(text, language, {"count": formats.number(language, count), **values})


def _filled(text: str, language: str, values: dict[str, Any]) -> str:
    return text.format_map({name: _printed(language, value) for name, value in values.items()})
