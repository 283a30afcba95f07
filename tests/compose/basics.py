"""Steps: build, the demo, an own site, what a container may do, health, scaling, deaths."""

import os
import signal
import time

from tests.acceptance.site import eventually
from tests.compose.manual import commands
from tests.compose.site import Site


def the_demo(site: Site) -> str:
    """Run the newcomer's line, detached."""
    site.run("SITE=demo docker compose --profile demo up --build --detach --wait")
    site.run("SITE=demo docker compose exec worker pec doctor")
    services = site.run(
        "SITE=demo docker compose --profile demo ps --format '{{.Service}}={{.Health}}'"
    ).split()
    site.run("SITE=demo docker compose --profile demo down --volumes")
    assert len(services) == 3
    assert all(one.endswith("=healthy") for one in services), services
    return "built; healthy; doctor exits with 0"


def an_own_site(site: Site) -> str:
    """Run the commands of the section Deploy."""
    lines = commands("cp -r deploy/demo deploy/own")
    for line in lines:
        site.run(line)
    doctor = site.run(lines[-1])
    assert "can be read by others" not in doctor, doctor
    assert site.health("worker") == ["healthy", "healthy"]
    site.put("own", 10)
    return site.all_delivered("own", 10)


def confinement(site: Site) -> str:
    """Look from inside at user, capabilities, file system and secrets; from outside at the environment."""
    for service, user in (("worker", 10001), ("redis", 999)):
        status = site.compose(f"exec {service} cat /proc/self/status")
        facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert set(facts["Uid"].split()) == set(facts["Gid"].split()) == {str(user)}, facts["Uid"]
        assert {facts[name] for name in ("CapEff", "CapPrm", "CapBnd")} == {"0" * 16}
        assert facts["NoNewPrivs"] == "1"
        site.compose(f"exec {service} touch /here", fails=True)
    assert site.compose("exec worker stat -c '%a %u' /run/secrets/api_token").split() == ["400", "10001"]
    secret = (site.folder / "deploy/own/secrets/acme_password").read_text(encoding="utf-8").strip()
    for container in site.containers("worker"):
        assert secret not in str(site.inspect(container)["Config"]), "a secret is in the container's settings"
    return "not root, no capabilities, read-only root, secrets as files"


def invalid_settings(site: Site) -> str:
    """A secret that the worker may not read: the start fails with the reason, and is tried ever less often."""
    secret = site.folder / "deploy/own/secrets/api_token"
    os.chown(secret, 0, 0)
    try:
        site.compose("up --detach --wait --force-recreate --no-deps worker", fails=True)
        [container] = site.containers("worker")
        time.sleep(20)  # the delays between restarts are what is looked at
        restarts = site.inspect(container)["RestartCount"]
        eventually(lambda: "Restarting (2)" in site.compose("ps --all worker"))  # now and then it is up
        assert "/run/secrets/api_token" in site.compose("logs worker")
        assert restarts < 12, restarts
    finally:
        os.chown(secret, 10001, 10001)
    site.compose("up --detach --wait --force-recreate --no-deps worker")
    return f"`up --wait` fails, the log names the file; {restarts} restarts until 20 s later"


def scaling_and_deaths(site: Site) -> str:
    """Scale to 3 in mid-campaign; kill a container, and a process in another one."""
    site.put("scale", 60)
    site.compose("up --detach --scale worker=3")
    first, second, _ = site.containers("worker")
    site.wait_for_sends("scale", 10)
    site.engine.docker("kill", first)
    os.kill(_worker_process(site, second), signal.SIGKILL)
    eventually(lambda: site.inspect(second)["RestartCount"] >= 1, 60)
    seen = site.all_delivered("scale", 60)
    assert not site.inspect(first)["State"]["Running"], "Docker counts `docker kill` as a stop by hand"
    site.compose("up --detach --wait --scale worker=3")
    return f"{seen}; the container whose process died restarted without a command"


def death_of_redis(site: Site) -> str:
    """SIGKILL to the server in mid-campaign: the restart policy brings it back."""
    site.put("server", 30)
    site.wait_for_sends("server", 8)
    [container] = site.containers("redis")
    os.kill(site.inspect(container)["State"]["Pid"], signal.SIGKILL)
    eventually(lambda: site.inspect(container)["RestartCount"] == 1)
    return site.all_delivered("server", 30)


def stop_in_mid_campaign(site: Site) -> str:
    """`docker compose stop worker` finishes the sends in hand."""
    site.put("stop", 30)
    site.wait_for_sends("stop", 5)
    began = time.monotonic()
    site.compose("stop worker")
    lasted = time.monotonic() - began
    codes = {site.inspect(one)["State"]["ExitCode"] for one in site.containers("worker")}
    assert codes == {0}, codes
    site.compose("start worker")
    assert "held" not in site.inside("states", "stop", "30")
    return f"{site.all_delivered('stop', 30)}; stopped in {lasted:.0f} s with exit code 0"


def _worker_process(site: Site, container: str) -> int:
    """Return the process id of a worker process, which has more threads than its master and the metrics' server."""

    def with_threads() -> int:
        lines = site.engine.docker("top", container, "-eo", "nlwp,pid").splitlines()[1:]
        threads, process = max(tuple(map(int, line.split())) for line in lines)
        return process if threads > 8 else 0

    return int(eventually(with_threads, 60))  # it may still be starting
