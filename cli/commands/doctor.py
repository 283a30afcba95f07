"""`pec doctor` and `pec health`: whether this installation can be trusted with PECs."""

import os
import socket
from collections.abc import Iterator

import click

from cli import output
from cli.errors import Exit, Failure
from cli.session import open_session
from config.redis_connection import RedisUnreachable, address, check
from config.settings import Settings, load_settings
from pec.operations.doctor.checks import (
    api_checks,
    file_checks,
    settings_checks,
    standing_checks,
    worker_checks,
)
from pec.operations.doctor.replicas import replica_checks
from pec.operations.doctor.server import broker_away, redis_checks, unusable
from pec.operations.findings import Finding, Mark
from pec.operations.load_overview import load_overview
from pec.operations.overview import Overview
from pec.operations.standstills import held_back, standstills, unserved
from pec.store import heartbeat
from pec.store.store import Store
from producers.producer import Producer

_COLOURS = {Mark.OK: "green", Mark.NOTE: "cyan", Mark.WARN: "yellow", Mark.FAIL: "red"}


@click.command()
@output.as_json
def doctor(as_json: bool) -> None:
    """Check everything that a PEC depends on. Exits with 1 if a check fails, 4 if Redis or the API is out of reach.

    \b
    pec doctor
    pec doctor --json | jq -r 'select(.mark == "fail") | .remedy'
    """
    settings = load_settings()
    found = []
    with Producer(settings.redis_url, settings.namespace) as producer:
        for finding in _findings(producer.store, settings):
            _print(finding, as_json=as_json)
            found.append(finding)
    if any(finding.unreachable for finding in found):
        raise Failure("", Exit.UNREACHABLE)
    if any(finding.mark is Mark.FAIL for finding in found):
        raise Failure("", Exit.UNEXPECTED)


@click.command()
@click.option("--local", is_flag=True, help="Count only workers of this machine, or of this container.")
def health(local: bool) -> None:
    """Exit with 0 if Redis answers, a worker lives and nothing stands still, else 4.

    \b
    pec health
    pec health --local
    """
    host = socket.gethostname()
    with open_session() as session:
        alive = _alive_on(session.store, host) if local else heartbeat.live(session.store, "worker")
        found = None if local else load_overview(session.store, session.settings)
        still = tuple(_standing_still(found, session.settings)) if found else ()
    if not alive and local:
        raise Failure(f"no worker is alive on {host}: start one with `pec worker`", Exit.UNREACHABLE)
    if not alive:
        raise Failure("no worker is alive: start one with `pec worker`", Exit.UNREACHABLE)
    for one in (*still, *(held_back(found) if found else ())):
        output.note(f"{one.what}: {one.remedy}")
    if still:
        raise Failure("", Exit.UNREACHABLE)
    output.note(f"healthy: {len(alive)} worker processes")


def _standing_still(found: Overview, settings: Settings) -> Iterator[Finding]:
    """What of the whole does not work, though its parts live."""
    yield from standstills(found)
    yield from unserved(found)
    yield from broker_away(settings)


def _alive_on(store: Store, host: str) -> set[str]:
    """Registered from this host, and a process here: a killed one stays registered for half a minute."""
    return {
        name
        for name, about in heartbeat.workers(store).items()
        if about["host"] == host and _is_process(int(about["pid"]))
    }


def _is_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        return True
    return True


def _findings(store: Store, settings: Settings) -> Iterator[Finding]:
    yield from file_checks()
    yield from settings_checks(settings)
    try:
        check(store.client)
    except RedisUnreachable as error:
        yield unusable(address(store.client), error.__cause__)
    else:
        yield Finding(Mark.OK, f"Redis answers at {address(store.client)}")
        yield from redis_checks(store, settings)
        yield from replica_checks(store.client)
        yield from worker_checks(store, settings)
        yield from standing_checks(load_overview(store, settings))
    yield from api_checks(settings)


def _print(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        output.data({"mark": finding.mark, "what": finding.what, "remedy": finding.remedy or None})
        return
    what, remedy = map(output.for_stdout, (finding.what, finding.remedy))
    mark = click.style(f"{finding.mark:<4}", fg=_COLOURS[finding.mark])
    click.echo(f"{mark}  {what}" + (f"  → {remedy}" if remedy else ""))
