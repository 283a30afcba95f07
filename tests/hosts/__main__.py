"""`python -m tests.hosts`: a campaign on hosts in network namespaces, and cuts. Exit code 1: harm, 2: no hosts."""

import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import click

from tests.chaos.report import MAX_EVIDENCE
from tests.hosts.cuts import KINDS
from tests.hosts.installation import LEASE_SECONDS
from tests.hosts.network import CannotMakeHosts
from tests.hosts.trial import Outcome, run


@click.command(context_settings={"show_default": True})
@click.option("--messages", default=3000, help="In the campaign.")
@click.option("--cuts", default=100, help="How many, some 10 s each.")
@click.option("--seed", default=1, help="Of the order of the cuts.")
@click.option("--only", type=click.Choice(sorted({one.name for one in KINDS})), help="Cuts of this kind.")
@click.option("--seconds", default=0.0, help="That each cut lasts. 0: as long as its kind says.")
@click.option("--lease", default=LEASE_SECONDS, help="Of tasks and sends, in seconds.")
@click.option("--json", "path", type=click.Path(path_type=Path), help="Where to write the figures.")
def main(
    messages: int, cuts: int, seed: int, only: str | None, seconds: float, lease: float, path: Path | None
) -> None:
    """Run a campaign while networks fail, and say what harm was done."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # hosts are removed in any case
    folder = Path(tempfile.mkdtemp(prefix="pec-hosts-"))
    try:
        say = click.echo
        found = run(folder, messages, cuts, seed, say, only=only or "", seconds=seconds, lease=lease)
    except CannotMakeHosts as why:
        click.echo(f"skipped: {why}", err=True)
        sys.exit(2)
    click.echo("\n".join(lines(found, lease)))
    if path:
        path.write_text(json.dumps(found.as_dict(), indent=1), encoding="utf-8")
    if found.is_harmless:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        click.echo(f"  look into {folder}")
    sys.exit(int(not found.is_harmless))


def lines(found: Outcome, lease: float) -> list[str]:
    """Return the findings for people."""
    resumed, stops = found.resumed_seconds, found.stops_seconds
    return [
        f"{found.messages} messages, {sum(found.cuts.values())} cuts, "
        f"{found.uncertain} uncertain for a while, {found.held} held",
        *(
            f"  {kind}: {count}, sends stopped for {max(stops.get(kind, [0])):.1f} s at most"
            for kind, count in sorted(found.cuts.items())
        ),
        f"work of a cut host went on elsewhere {len(resumed)} times, after {max(resumed, default=0):.1f} s at most "
        f"(aim {lease + 2:g})",
        f"settled {found.settled_seconds:.0f} s after the last cut",
        *(f"  HARM {kind}: {len(found_of)}" for kind, found_of in found.harms.items()),
        *(f"    {one}" for found_of in found.harms.values() for one in found_of[:MAX_EVIDENCE]),
    ]


if __name__ == "__main__":
    main()
