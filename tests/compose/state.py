"""Steps about what outlasts a container: a restart of the engine, backups, an upgrade, logs."""

import subprocess
from pathlib import Path

from tests.acceptance.site import eventually
from tests.compose.manual import commands
from tests.compose.site import LOOKUPS, ROOT, Site

OLD = "124a597"  # of 29 November 2026: 0.1.0 before there was an archive
_BEFORE_THE_LINE = '--protected-mode, "no"'  # which official images need not, and Debian's server does
_LOG_BYTES = 150_000_000


def restart_of_the_engine(site: Site) -> str:
    """Stop and start the engine in mid-campaign: every container starts again without a command."""
    site.put("engine", 40)
    site.wait_for_sends("engine", 8)
    site.engine.stop()
    before = site.sent("engine")
    site.engine.start()
    eventually(lambda: site.health("worker")[0] == "healthy", 120)
    seen = site.all_delivered("engine", 40)
    return f"{seen}: {before} before, {40 - before} after"


def backup_and_restore(site: Site) -> str:
    """Run the commands of the page. What is sent after the backup is put in again, and sent once."""
    site.put("kept", 10)
    site.all_delivered("kept", 10)
    for line in commands("> backup.tar\n"):
        site.run(line)
    site.put("later", 10)
    site.all_delivered("later", 10)
    restore = commands("< backup.tar\n")
    for line in restore:
        site.run(line)
    assert set(site.inside("states", "later", "10").split()) == {"none"}, "the backup is not in force"
    assert set(site.inside("states", "kept", "10").split()) == {"delivered"}
    site.put("later", 10)
    seen = site.all_delivered("later", 10)
    site.run("sed --in-place /PEC_RECONCILE_SINCE/d deploy/own/pec.env")
    site.run(restore[-1])
    return f"{seen}, of which all were sent after the backup and put in again after the restore"


def upgrade(site: Site) -> str:
    """Start the old version on empty volumes, and upgrade in mid-campaign as the page says."""
    site.compose("down --volumes")
    old = site.folder / "old"
    old.mkdir()
    archived = subprocess.run(["git", "archive", OLD], cwd=ROOT, capture_output=True, check=False)
    if archived.returncode:
        return f"NOT RUN: this clone has no commit {OLD}"
    subprocess.run(["tar", "--extract", "--directory", str(old)], input=archived.stdout, check=True)
    (old / "deploy/own").symlink_to(site.folder / "deploy/own")
    _let_containers_in(old / "docker-compose.yml")
    site.run("sed --in-place /PEC_UNCERTAIN__/d deploy/own/pec.env")  # which had another name
    site.run("cd old && docker compose up --detach --build --wait --scale worker=2")
    version = site.run(
        "cd old && docker compose exec worker sh -c 'ls /opt/pec/lib/python3*/site-packages/config'"
    )
    assert "redis_connection.py" not in version, "that is not the old version"
    site.put("upgrade", 40)
    site.wait_for_sends("upgrade", 10)
    before = site.sent("upgrade")
    site.run(f"echo '{LOOKUPS}' >> deploy/own/pec.env")
    site.run("docker compose up --detach --build --wait --scale worker=2")
    seen = site.all_delivered("upgrade", 40)
    listed = site.compose("exec worker pec list --state delivered --json").count('"upgrade-')
    assert listed >= 40
    site.run("docker compose exec worker pec doctor")
    return f"{seen}: {before} sent by {OLD}, the rest by the new version; doctor exits with 0"


def rotation_of_logs(site: Site) -> str:
    """Let a container of the worker's kind write a lot: its log stays small."""
    flood = f"yes 'a line of a log that must not fill the disk' | head -c {_LOG_BYTES}"
    container = site.compose(f'run --detach --no-deps --entrypoint sh worker -c "{flood}"').split()[-1]
    try:
        eventually(lambda: not site.inspect(container)["State"]["Running"], 120)
        assert site.inspect(container)["HostConfig"]["LogConfig"]["Type"] == "local"
        files = list(
            (site.engine.folder / "data/containers" / site.inspect(container)["Id"]).glob("local-logs/*")
        )
        size = sum(file.stat().st_size for file in files)
    finally:
        site.engine.docker("rm", "--force", container)
    assert 1 < len(files) <= 5, files
    assert size < 40_000_000, size
    return f"{_LOG_BYTES // 1_000_000} MB written, {size // 1_000_000} MB kept in {len(files)} files"


def _let_containers_in(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert _BEFORE_THE_LINE not in text
    path.write_text(
        text.replace("valkey-server,\n", f"valkey-server, {_BEFORE_THE_LINE},\n"), encoding="utf-8"
    )
