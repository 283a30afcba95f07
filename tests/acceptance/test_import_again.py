"""Campaigns that are stopped and go on, or whose addresses are mended: who really gets what, with real workers."""

from collections import Counter
from pathlib import Path

from redis import Redis

from tests.acceptance.clerk import Clerk
from tests.acceptance.site import eventually, site

NAMES = [f"socio{number}" for number in range(60)]
HEADER = ["PEC", "Nome"]
ROWS = [HEADER, *([f"consegna+{name}@pec.example", name.title()] for name in NAMES)]
ONCE = Counter({f"consegna+{name}": 1 for name in NAMES})


def test_a_cancelled_campaign_goes_on_and_reaches_each_once_though_the_import_is_killed(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    with site(redis, redis_url, tmp_path) as place, place.workers(processes=1):
        clerk = Clerk(place, tmp_path)
        clerk.sheet(ROWS)
        clerk.imports("--batch", "soci")
        eventually(lambda: len(place.sent()) > 5)
        assert clerk.pec("pause", "--batch", "soci").returncode == 0
        assert clerk.pec("cancel", "--batch", "soci").returncode == 0
        eventually(lambda: redis.exists("pec:cancelled:batch:soci") and not redis.xlen("pec:jobs"))
        count = int(redis.hget("pec:batch:soci", "cancelled") or 0)
        assert clerk.pec("resume", "--batch", "soci").returncode == 0

        plain = clerk.imports("--batch", "soci")
        assert f"Of those, {count} were cancelled: send them with --again cancelled." in plain.stderr
        killed = clerk.starts(*clerk.import_arguments("--batch", "soci", "--again", "cancelled"))
        eventually(lambda: not redis.exists("pec:cancelled:batch:soci") or killed.poll() is not None)
        killed.kill()
        killed.communicate()
        for _ in range(2):
            assert clerk.imports("--batch", "soci", "--again", "cancelled").returncode == 0

        clerk.pec("watch", "--batch", "soci", "--timeout", "50")
        assert 0 < count < len(NAMES)
        assert clerk.received() == ONCE
        assert int(redis.hget("pec:batch:soci", "delivered") or 0) == len(NAMES)


def test_a_campaign_stopped_by_a_pause_alone_loses_nothing(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    with site(redis, redis_url, tmp_path) as place, place.workers(processes=1):
        clerk = Clerk(place, tmp_path)
        clerk.sheet(ROWS[:11])
        clerk.imports("--batch", "soci")
        eventually(lambda: place.sent())
        clerk.pec("pause", "--batch", "soci")

        clerk.sheet(ROWS[:21])
        more = clerk.imports("--batch", "soci", LC_ALL="it_IT.UTF-8")
        assert "`pec resume --batch soci` lo fa ripartire" in more.stderr
        clerk.pec("resume", "--batch", "soci")

        assert clerk.pec("watch", "--batch", "soci", "--timeout", "50").returncode == 0
        assert clerk.received() == Counter({f"consegna+{name}": 1 for name in NAMES[:20]})


def test_a_mended_sheet_reaches_only_those_it_did_not_reach(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    with site(redis, redis_url, tmp_path) as place, place.workers(processes=1):
        clerk = Clerk(place, tmp_path)
        wrong, right = (
            [*ROWS[:6], [f"{fate}+verdi@pec.example", "Verdi"]] for fate in ("mancata-consegna", "consegna")
        )
        clerk.sheet(wrong)
        clerk.imports("--batch", "soci")
        assert clerk.pec("watch", "--batch", "soci", "--timeout", "50").returncode == 6

        same = clerk.imports("--batch", "soci", LC_ALL="it_IT.UTF-8")
        assert "alcuni non hanno raggiunto nessuno (non consegnata: 1)" in same.stderr
        other = clerk.imports("--batch", "altro", "--dry-run", LC_ALL="it_IT.UTF-8")
        assert (
            "5 destinatari hanno già ricevuto lo stesso oggetto negli ultimi 30 giorni, per lo più nel lotto soci"
            in other.stderr
        )
        clerk.sheet(right)
        for enqueued in (1, 0):
            assert clerk.imports_for_programs("--batch", "soci")["enqueued"] == enqueued

        eventually(lambda: redis.hget("pec:batch:soci", "delivered") == b"6")
        sent = Counter({f"consegna+{name}": 1 for name in NAMES[:5]})
        assert clerk.received() == sent + Counter(["mancata-consegna+verdi", "consegna+verdi"])
