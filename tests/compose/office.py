"""A step with an office's folder: `pec up` runs it, then the compose file."""

import os
import subprocess
import sys
from pathlib import Path

from cli.office.folder import Folder
from producers import Producer
from tests.acceptance.site import eventually
from tests.compose.manual import commands
from tests.compose.site import ROOT, Site
from tests.wire import free_port


def an_office_moves_in(site: Site) -> str:
    """Send by `pec up`, and take its folder along with the commands of the page."""
    (site.folder / ".env").unlink(missing_ok=True)
    site.compose("down --volumes --remove-orphans")
    folder = Folder(site.folder / "office")
    _send_by_pec_up(site, folder)
    first, *others = commands("OFFICE=", page="docs/office.md")
    assert first.startswith("OFFICE=")
    site.run("\n".join([f"set -e; OFFICE={folder.path}", *others]))
    return f"{site.all_delivered('office', 5)}; known to the workers of compose; doctor exits with 0"


def _send_by_pec_up(site: Site, folder: Folder) -> None:
    settings = {
        "PEC_API__URL": site.ledger_url,
        "PEC_API__TOKEN": "sandbox-token",
        "PEC_ACCOUNTS__ACME__SENDER": "acme@pec.example",
        "PEC_ACCOUNTS__ACME__USERNAME": "acme",
        "PEC_ACCOUNTS__ACME__PASSWORD": "password",
    }
    log = Path(f"{folder.path}.log")
    ports = ["--console-port", str(free_port()), "--gateway-port", str(free_port())]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "up", "--data", str(folder.path), *ports],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        eventually(lambda: "Ctrl-C" in log.read_text(encoding="utf-8"), 120)
        with Producer(folder.redis_url) as producer:
            ids = [f"office-{number}" for number in range(5)]
            for one in ids:
                producer.send(one, "acme", f"consegna+{one}@pec.example", "Avviso", "<p>Salve</p>")
            eventually(
                lambda: [found.state for one in ids for found in producer.status(one)] == ["delivered"] * 5,
                60,
            )
    finally:
        process.terminate()
        assert process.wait(120) == 0, log.read_text(encoding="utf-8")
