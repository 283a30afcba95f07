"""Steps with deploy/ha.yml: the primary dies, comes back, and hands over as planned."""

import time

from tests.acceptance.site import eventually
from tests.compose.manual import commands
from tests.compose.site import Site

MOST_SECONDS = 15.0  # from the death of the primary to the next send
_SERVERS = ("redis", "redis-2", "redis-3", "sentinel-1", "sentinel-2", "sentinel-3")


def sentinels(site: Site) -> str:
    """Run the commands of the page, and leave the data that is there."""
    before = [site.inside("states", prefix, "5") for prefix in ("own", "upgrade")]
    for line in commands("cp deploy/ha.env .env"):
        site.run(line)
    site.wait_until_healthy(*_SERVERS)
    after = [site.inside("states", prefix, "5") for prefix in ("own", "upgrade")]
    assert after == before, "the data is not there any more"
    return "up, the data still there; doctor exits with 0"


def death_of_the_primary(site: Site) -> str:
    """Kill the primary's container in mid-campaign. It stays away, and later comes back as a replica."""
    site.put("death", 100)
    site.wait_for_sends("death", 10)
    site.compose("kill redis")
    killed, before = time.monotonic(), site.sent("death")
    eventually(lambda: site.sent("death") > before + 1, 60)
    stood = time.monotonic() - killed
    seen = site.all_delivered("death", 100)
    assert stood < MOST_SECONDS, stood
    site.compose("start redis")
    eventually(lambda: "role:slave" in site.compose("exec redis valkey-cli info replication"), 60)
    eventually(lambda: "master_link_status:up" in site.compose("exec redis valkey-cli info replication"), 60)
    return f"{seen}; sends went on after {stood:.0f} s; the former primary came back as a replica"


def planned_failover(site: Site) -> str:
    """Ask for a failover in mid-campaign, with the command of the page."""
    ask, hand_over = commands("SENTINEL FAILOVER pec")
    before = site.run(ask)
    site.put("planned", 100)
    site.wait_for_sends("planned", 10)
    eventually(lambda: "OK" in site.compose(hand_over.removeprefix("docker compose "), fails=False), 60)
    seen = site.all_delivered("planned", 100)
    eventually(lambda: site.run(ask).splitlines()[3] != before.splitlines()[3], 30)
    eventually(lambda: "fail " not in site.run("docker compose exec worker pec doctor || true"), 60)
    return f"{seen}; another server is the primary"


def restart_of_everything(site: Site) -> str:
    """Restart the engine: servers and Sentinels remember who is the primary."""
    [ask, _] = commands("SENTINEL FAILOVER pec")
    before = site.run(ask).splitlines()[3]
    site.put("all", 30)
    site.engine.stop()
    site.engine.start()
    site.wait_until_healthy(*_SERVERS, "worker")
    seen = site.all_delivered("all", 30)
    return (
        f"{seen}; the primary is {'the same' if site.run(ask).splitlines()[3] == before else 'another one'}"
    )
