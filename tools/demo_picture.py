"""The picture in the README, made of what `pec demo` really prints: `make picture` writes docs/demo.svg.

Not part of the installed packages. It needs a Unix, for the pseudo-terminal.
"""

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 128  # columns: the least at which no cell of the demo's table is folded
HEIGHT = 60
PICTURE = Path(__file__).with_name("demo.svg")

# No remote fonts: pages that show an SVG as an image load none. The window has a background and an edge of
# its own, so that it looks the same on a light and on a dark page.
SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" xml:space="preserve" role="img"
     aria-label="The terminal after make demo: a table of 17 messages with recipient, state, code and receipts of each">
<style>
.{unique_id}-matrix {{
  font: {char_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  line-height: {line_height}px;
  font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font: bold 18px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> int:
    """Write the picture, unless the demo failed. Return the demo's exit code."""
    code, printed = in_terminal([str(Path(sys.executable).with_name("pec")), "demo"])
    if code:
        sys.stderr.write(printed)
        return code
    PICTURE.write_text(drawn(f"\x1b[1m$\x1b[0m make demo\n{left_standing(printed)}"), encoding="utf-8")
    sys.stderr.write(f"written: {PICTURE}; look at it before you commit it\n")
    return 0


def in_terminal(command: list[str]) -> tuple[int, str]:
    """Run the demo as in a person's terminal. Return its exit code and everything it printed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
    environment = {**clean, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        printed = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return process.returncode, printed.decode()


def left_standing(printed: str) -> str:
    """Return the last frame: of a line that was drawn repeatedly, the last version."""
    lines = [line.rstrip("\r").split("\x1b[2K")[-1] for line in printed.split("\n")]
    return "\n".join(lines).replace("\x1b[?25l", "").replace("\x1b[?25h", "").rstrip()


def drawn(shown: str) -> str:
    """Return the SVG of a terminal."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(shown), overflow="crop", no_wrap=True)
    return console.export_svg(title="PEC Massiva", code_format=SVG)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # on Linux, how it ends once the other side is closed
        return b""


if __name__ == "__main__":
    sys.exit(main())
