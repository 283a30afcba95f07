"""The checks of `pec doctor` on the archive: its anchors load, it holds what is put, all workers reach the same one."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import redis

from archive import trust
from archive.vault.errors import VaultAway
from archive.vault.installation import open_vault
from archive.vault.vault import Vault
from config.settings import Settings
from config.texts import _, ngettext
from pec.archive_causes import reported_cause
from pec.operations.doctor.checks import encrypted_http
from pec.operations.status.findings import Finding, Mark
from pec.store import heartbeat
from pec.store.store import Store


def archive_checks(settings: Settings, store: Store) -> Iterator[Finding]:
    """Write a mark, read it, and read that of each live worker. Nothing is said if Redis does not answer."""
    vault = open_vault(settings.archive, store)
    if vault is None:
        return
    yield from encrypted_http("PEC_ARCHIVE__S3__ENDPOINT", settings.archive.s3.endpoint)
    try:
        yield _used_from_here(vault)
        yield from _reached_by_workers(vault, heartbeat.workers(store))
    except VaultAway as away:
        yield Finding(Mark.FAIL, away.what, away.remedy)
    except redis.RedisError:
        return


def anchor_checks(settings: Settings) -> Iterator[Finding]:
    """Load the authorities that receipts are judged by, as workers do when they start."""
    if not settings.archive.anchors:
        return
    try:
        loaded = trust.profiles(Path(settings.archive.anchors))
    except trust.AnchorsError as error:
        what = _("PEC_ARCHIVE__ANCHORS: {why}").format(why=str(error))
        yield Finding(Mark.FAIL, what, _("correct it, then start the workers again"))
        return
    count = sum(len(one.anchors) for one in loaded) - len(trust.agid().anchors)
    what = ngettext(
        "receipts are judged by {count} authority besides AgID's",
        "receipts are judged by {count} authorities besides AgID's",
        count,
    )
    yield Finding(Mark.OK, what.format(count=count))


def _used_from_here(vault: Vault) -> Finding:
    mark = f"doctor-{secrets.token_hex(6)}"
    vault.leave_mark(mark)
    try:
        found = vault.has_mark(mark)
    finally:
        vault.remove_mark(mark)
    if not found:
        what = _("the archive {place} does not give back what was just written").format(place=str(vault))
        return Finding(Mark.FAIL, what, _("use storage that shows a write at once"))
    return Finding(Mark.OK, _("the archive {place} can be written and read").format(place=str(vault)))


def _reached_by_workers(vault: Vault, workers: dict[str, dict[str, str]]) -> Iterator[Finding]:
    reached = 0
    for name, about in workers.items():
        where = _("the worker on {host} (process {pid})").format(
            host=about.get("host", "?"), pid=about.get("pid", "?")
        )
        said = about.get("archive", "")
        if not said:
            what = _("{worker} uses no archive").format(worker=where)
            late = _("give it PEC_ARCHIVE__URL too, or wait a minute if it has just started")
            yield Finding(Mark.FAIL, what, late)
        elif said != heartbeat.REACHED:
            away, remedy = reported_cause(said, about.get("archive_cause", ""))
            yield Finding(Mark.FAIL, _("{worker}: {why}").format(worker=where, why=away), remedy)
        elif not vault.has_mark(name):
            what = _("{worker} writes to another archive than {place}").format(worker=where, place=str(vault))
            yield Finding(Mark.FAIL, what, _("share one folder among all machines, or use a bucket"))
        else:
            reached += 1
    if reached:
        what = _("workers whose writes to the archive can be read here: {reached} of {all}").format(
            reached=reached, all=len(workers)
        )
        yield Finding(Mark.OK if reached == len(workers) else Mark.NOTE, what)
