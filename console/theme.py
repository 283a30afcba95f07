"""Light or dark, by the person's choice: a cookie that any value can stand in."""

from collections.abc import Mapping

THEME = "pec_theme"  # the cookie
THEMES = ("light", "dark", "")  # empty: the system's


def theme_of(cookies: Mapping[str, str]) -> str:
    """Return the chosen colours, or the system's for a cookie of another value."""
    chosen = cookies.get(THEME, "")
    return chosen if chosen in THEMES else ""
