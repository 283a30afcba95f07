"""Doctor's checks of the archive: every worker must write to the place that is read here."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from archive.vault import Vault
from archive.vault.checks import anchor_checks, archive_checks
from archive.vault.installation import agreed_in
from config.settings import Archive, Settings
from pec.api.client import PecClient
from pec.operations.status.findings import Finding, Mark
from pec.store.store import Store
from tests.signing import authority
from tests.wire import eventually
from workers.context import WorkerContext
from workers.middleware.archive_watch import ArchiveState, ArchiveWatch
from workers.middleware.heartbeat import Heartbeat


class _Booting:
    """The part of a Dramatiq worker that the middleware gets."""

    consumer_whitelist = None
    worker_threads = 8


BOOTING: Any = _Booting()


@contextmanager
def worker(store: Store, name: str, rules: Archive) -> Iterator[ArchiveState]:
    """Run the heartbeat and the watch of a worker, registered with what the watch found first."""
    settings, state = Settings(archive=rules), ArchiveState()
    vault = Vault.open(rules, agreed_in(store))
    with closing(PecClient(settings.api)) as client:
        watch = ArchiveWatch(vault, store, name, state) if vault else None
        beat = Heartbeat(WorkerContext(settings, store, client, vault), name, state)
        if watch:
            watch.before_worker_boot(BOOTING, BOOTING)
            eventually(lambda: state.said != "")
        beat.before_worker_boot(BOOTING, BOOTING)
        try:
            yield state
        finally:
            beat.after_worker_shutdown(BOOTING, BOOTING)
            if watch:
                watch.after_worker_shutdown(BOOTING, BOOTING)


def checked(store: Store, rules: Archive) -> list[Finding]:
    return list(archive_checks(Settings(archive=rules), store))


def failures(found: list[Finding]) -> list[str]:
    return [f"{one.what}: {one.remedy}" for one in found if one.mark is Mark.FAIL]


def test_what_every_worker_writes_is_read_here(store: Store, rules: Archive) -> None:
    with worker(store, "w1", rules), worker(store, "w2", rules):
        found = checked(store, rules)

    assert {one.mark for one in found} == {Mark.OK}
    assert found[-1].what == "workers whose writes to the archive can be read here: 2 of 2"


def test_a_worker_that_stops_takes_its_mark_away(store: Store, in_folder: Archive) -> None:
    with worker(store, "w1", in_folder):
        assert (Path(in_folder.url) / "workers" / "w1").read_bytes() == b"w1"

    assert list((Path(in_folder.url) / "workers").iterdir()) == []


def test_the_mark_of_a_killed_worker_goes_when_another_starts(store: Store, in_folder: Archive) -> None:
    vault = Vault.open(in_folder, agreed_in(store))
    assert vault
    for name in ("killed", "alive"):
        vault.leave_mark(name)
    store.client.zadd(store.keys.seen("worker"), {"killed": store.now() - 60, "alive": store.now() + 60})

    with worker(store, "w1", in_folder):
        left = sorted(one.name for one in (Path(in_folder.url) / "workers").iterdir())

    assert left == ["alive", "w1"]


def test_a_worker_whose_folder_is_a_copy_is_found(store: Store, in_folder: Archive, tmp_path: Path) -> None:
    copy = Archive.model_validate({"url": str(tmp_path / "copy")})
    with worker(store, "w1", in_folder):
        identity = (Path(in_folder.url) / "pec-archive").read_bytes()
        Path(copy.url).mkdir()
        (Path(copy.url) / "pec-archive").write_bytes(identity)
        with worker(store, "w2", copy):
            wrong = failures(checked(store, in_folder))

    assert len(wrong) == 1
    assert f"writes to another archive than {in_folder.url}: share one folder among all machines" in wrong[0]


def test_a_worker_without_the_archive_and_one_that_can_t_reach_it_are_named(
    store: Store, in_folder: Archive, tmp_path: Path
) -> None:
    unmounted = Archive.model_validate({"url": str(tmp_path / "nas" / "archive")})
    with (
        worker(store, "w1", in_folder),
        worker(store, "w2", unmounted) as second,
        worker(store, "w3", Archive.model_validate({})),
    ):
        wrong = failures(checked(store, in_folder))

    assert second.cause["cause"] == "no_identity"
    assert second.said.startswith(f"{unmounted.url} is not the archive that was used so far: mount it")
    assert len(wrong) == 2
    assert wrong[0].endswith(f": {second.said}")
    assert "uses no archive: give it PEC_ARCHIVE__URL too" in wrong[1]


def test_an_archive_that_can_t_be_used_from_here_is_one_line(store: Store, tmp_path: Path) -> None:
    rules = Archive.model_validate({"url": str(tmp_path / "nas" / "archive")})

    wrong = failures(checked(store, rules))

    assert wrong == [
        f"the archive {rules.url} can't be used (No such file or directory): "
        "make the folder above it, or mount its disk"
    ]


def test_without_an_archive_there_is_nothing_to_check(store: Store) -> None:
    assert checked(store, Archive.model_validate({})) == []


def test_anchors_that_workers_could_not_load_are_reported_with_a_remedy(tmp_path: Path) -> None:
    good, missing = tmp_path / "anchor.pem", tmp_path / "nowhere.pem"
    good.write_bytes(authority().anchor)

    def found(anchors: str) -> list[tuple[Mark, str]]:
        return [
            (one.mark, str(one.what)) for one in anchor_checks(Settings(archive=Archive(anchors=anchors)))
        ]

    assert found("") == []
    assert found(str(good)) == [(Mark.OK, "receipts are judged by 1 authority besides AgID's")]
    [(mark, what)] = found(str(missing))
    assert mark is Mark.FAIL
    assert what.startswith(
        f"PEC_ARCHIVE__ANCHORS: can't read the anchors {missing} (No such file or directory)"
    )
