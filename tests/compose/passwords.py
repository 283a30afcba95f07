"""A step with the files and passwords of the page, "Failover": a container is a machine with server and Sentinel."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.acceptance.site import eventually
from tests.compose.failover import MOST_SECONDS
from tests.compose.images import REDIS_USER
from tests.compose.manual import commands
from tests.compose.site import INSIDE, LOOKUPS, Site
from tests.unit.deploy.compose import compose
from tests.unit.docs.pages import PAGES, blocks

_ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3")  # of the page
_SERVER, _USERS, _SENTINEL = blocks(PAGES["docs/operations.md"].split("## Failover")[1], "text")[:3]
_SETTINGS = [line.removeprefix("export ") for line in commands("PEC_REDIS_REPLICAS=1 ") if "=" in line]
_NETWORK, _WORKER = "pec-machines", "pec-machine-worker"


def death_with_passwords(site: Site) -> str:
    """Kill the machine of the primary in mid-campaign. Its servers ask for passwords."""
    with _machines(site), _worker(site):
        _put(site, "secret", 60)
        site.wait_for_sends("secret", 10)
        site.engine.docker("kill", _name(_ADDRESSES[0]))
        killed, before = time.monotonic(), site.sent("secret")
        eventually(lambda: site.sent("secret") > before + 1, 60)
        stood = time.monotonic() - killed
        eventually(lambda: _states(site, "secret", 60) == {"delivered"}, 120)
        assert site.sent("secret") == 60, "lost, or sent twice"
        assert stood < MOST_SECONDS, stood
        site.engine.docker("start", _name(_ADDRESSES[0]))
        eventually(lambda: "role:slave" in _replication(site), 60)
        eventually(lambda: "master_link_status:up" in _replication(site), 60)
        refused = _cli(site, "--user", "default", "info", "server")
        assert "NOAUTH" in refused or "WRONGPASS" in refused, refused
        site.engine.docker("exec", _WORKER, "pec", "doctor")
    return f"60 of 60 delivered, none sent twice; sends went on after {stood:.0f} s; doctor exits with 0"


@contextmanager
def _machines(site: Site) -> Iterator[None]:
    site.engine.docker("network", "create", "--subnet", "10.0.0.0/24", "--gateway", "10.0.0.254", _NETWORK)
    try:
        for address in _ADDRESSES:
            _start(site, address)
        eventually(lambda: "connected_slaves:2" in _replication(site), 60)
        for address in _ADDRESSES:  # a Sentinel that does not know the replicas yet has none to promote
            eventually(partial(_knows_all, site, address), 60)
        yield
    finally:
        for address in _ADDRESSES:
            site.engine.docker("rm", "--force", "--volumes", _name(address))
        site.engine.docker("network", "rm", _NETWORK)


def _start(site: Site, address: str) -> None:
    folder = site.folder / _name(address)
    (folder / "etc").mkdir(parents=True)
    role = "" if address == _ADDRESSES[0] else f"replicaof {_ADDRESSES[0]} 6379\n"
    _write(folder / "etc" / "users.acl", _USERS)
    _write(
        folder / "server.conf",
        f"dir /data\n{role}{_SERVER.replace(f'bind {_ADDRESSES[0]}', f'bind {address}')}",
    )
    _write(folder / "sentinel.conf", f"dir /data\n{_SENTINEL}")
    redis = compose({})["services"]["redis"]
    durable = " ".join(word or "''" for word in redis["command"][1:])
    both = f"valkey-server /data/server.conf {durable} & exec valkey-server /data/sentinel.conf --sentinel"
    mounts = [f"{folder}:/data", f"{folder}/etc:/etc/valkey"]
    site.engine.docker(
        *("run", "--detach", "--init", "--name", _name(address), "--network", _NETWORK, "--ip", address),
        *(part for mount in mounts for part in ("--volume", mount)),
        *("--user", str(REDIS_USER), redis["image"], "sh", "-c", both),
    )


def _write(path: Path, text: str) -> None:
    path.write_text(f"{text}\n", encoding="utf-8")
    for owned in (path, path.parent):
        os.chown(owned, REDIS_USER, REDIS_USER)


@contextmanager
def _worker(site: Site) -> Iterator[None]:
    """Run the image of the site, with the settings of the page."""
    image = site.inspect(site.containers("worker")[0])["Image"]
    settings = {
        **dict(line.split("=", 1) for line in (*_SETTINGS, LOOKUPS)),
        "PEC_API__URL": site.ledger_url,
        "PEC_API__RATE": "5",
        "PEC_API__TOKEN": "sandbox-token",
        "PEC_ACCOUNTS__ACME__SENDER": "acme@pec.example",
        "PEC_ACCOUNTS__ACME__USERNAME": "acme",
        "PEC_ACCOUNTS__ACME__PASSWORD": "password",
    }
    given = [part for name, value in settings.items() for part in ("--env", f"{name}={value}")]
    site.engine.docker("run", "--detach", "--name", _WORKER, "--network", _NETWORK, *given, image)
    try:
        yield
    finally:
        site.engine.docker("rm", "--force", _WORKER)


def _put(site: Site, prefix: str, count: int) -> None:
    _inside(site, "put", prefix, str(count))


def _states(site: Site, prefix: str, count: int) -> set[str]:
    return set(_inside(site, "states", prefix, str(count)).split())


def _inside(site: Site, *words: str) -> str:
    return site.engine.docker("exec", "--interactive", _WORKER, "python", "-", *words, stdin=INSIDE)


def _replication(site: Site) -> str:
    return _cli(
        site, "--user", "pec", "--pass", "CHANGE-ME-AS-WELL", "--no-auth-warning", "info", "replication"
    )


def _knows_all(site: Site, address: str) -> bool:
    seen = site.engine.docker(
        "exec", _name(address), *(["valkey-cli", "-p", "26379", "sentinel", "master", "pec"])
    ).split()
    state = dict(zip(seen[::2], seen[1::2], strict=False))
    return (state["num-slaves"], state["num-other-sentinels"], state["flags"]) == ("2", "2", "master")


def _cli(site: Site, *words: str) -> str:
    return site.engine.docker("exec", _name(_ADDRESSES[0]), "valkey-cli", *words)


def _name(address: str) -> str:
    return f"pec-machine-{address.rpartition('.')[2]}"
