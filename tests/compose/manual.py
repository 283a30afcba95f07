"""The commands of the pages, word by word."""

from tests.unit.docs.pages import PAGES, blocks


def commands(start: str, page: str = "docs/operations.md") -> list[str]:
    """Return the lines of the shell example that contains `start`, without the comments behind them."""
    found = [block for block in blocks(PAGES[page], "sh") if start in block]
    assert len(found) == 1, f"{len(found)} examples contain: {start}"
    return [line.split("   #")[0].strip() for line in found[0].splitlines() if line.strip()]
