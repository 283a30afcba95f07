"""A test to oneself, with real workers: what leaves, to whom, and what it leaves as it was."""

from pathlib import Path

from redis import Redis

from tests.acceptance.clerk import Clerk
from tests.acceptance.site import ENDS, eventually, site

SELF = "consegna+io@pec.example"
ROWS = [
    ["PEC", "Nome"],
    *[[f"consegna+{name.lower()}@pec.example", name] for name in ("Anna", "Bruno", "Carla")],
    ["nessuno", "Dario"],
]


def test_the_letters_of_two_rows_come_to_oneself_and_the_campaign_is_sent_whole(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    with site(redis, redis_url, tmp_path) as place, place.workers(processes=1):
        clerk = Clerk(place, tmp_path)
        clerk.sheet(ROWS)

        summary = clerk.imports_for_programs("--test-to", SELF, "--rows", "1,3", "--batch", "soci")
        eventually(lambda: all(place.state(one["id"]) in ENDS for one in summary["tests"]))

        assert [sent["recipients"] for sent in place.sent()] == [[SELF], [SELF]]
        assert sorted(sent["subject"].partition(" [rif.")[0] for sent in place.sent()) == [
            "[PROVA] Avviso per Anna",
            "[PROVA] Avviso per Carla",
        ]
        assert redis.exists("pec:batch:soci") == 0

        assert clerk.imports("--batch", "soci", "--skip-invalid").returncode == 0
        assert clerk.pec("watch", "--batch", "soci", "--timeout", "50").returncode == 0
        names = {f"consegna+{name}": 1 for name in ("anna", "bruno", "carla")}
        assert clerk.received() == {"consegna+io": 2, **names}
        assert redis.hget("pec:batch:soci", "delivered") == b"3"


def test_the_test_speaks_italian(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    with site(redis, redis_url, tmp_path) as place, place.workers(processes=1):
        clerk = Clerk(place, tmp_path)
        clerk.sheet(ROWS)

        sent = clerk.imports("--test-to", SELF, LC_ALL="it_IT.UTF-8")
        beyond = clerk.imports("--test-to", SELF, "--rows", "1,400", LC_ALL="it_IT.UTF-8")
        wrong = clerk.imports("--test-to", SELF, "--rows", "4", LC_ALL="it_IT.UTF-8")

    assert f"1 prova accodata per {SELF}, in nessun lotto." in sent.stderr
    assert "--rows: non c'è il n. 400: sotto l'intestazione il file ha 4 righe" in beyond.stderr
    assert (
        "n. 4 (riga 5): PEC: non è un indirizzo di posta come nome@pec.example.it: contiene nessuno"
        in wrong.stderr
    )
