"""Draw the pictures of docs/console.md again: the browser tests show the pages, and a few of them are kept."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

ROOT = Path(__file__).parents[1]
KEPT = {
    "overview-light": "console-overview",
    "messages-avv-1-light": "console-message",
    "decisions-dark": "console-decisions",
    "webhooks-crm-light": "console-endpoint",
    "figures-light": "console-figures",
    "messages-phone": "console-phone",
    "campaign-list-light": "console-campaign-list",
    "campaign-check-light": "console-campaign-check",
    "campaign-progress-light": "console-campaign-progress",
}
TESTS = ("tests/integration/console/test_browser.py", "tests/integration/console/test_browser_campaigns.py")
_COLOURS = 256


def main() -> int:
    """Return the tests' exit code; without a failure the pictures are new."""
    with TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - our own tests
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                *TESTS,
                "-k",
                "screen_reader or phone or (proof and it-IT)",
            ],
            cwd=ROOT,
            env={**os.environ, "CONSOLE_PICTURES": folder},
            check=False,
        )
        if done.returncode == 0:
            for drawn, name in KEPT.items():
                keep(Path(folder) / f"{drawn}.png", ROOT / "docs" / f"{name}.png")
    return done.returncode


def keep(drawn: Path, kept: Path) -> None:
    """Write a picture with few colours, a third of its size in bytes."""
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(_COLOURS).save(kept, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
