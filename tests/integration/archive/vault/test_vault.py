"""Every archive behaves alike, in a folder and in a bucket."""

import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.vault import CONTENT, EML, Altered, Missing, Vault, VaultAway
from archive.vault.installation import agreed_in
from archive.vault.s3 import S3
from archive.vault.vault import path_of
from config.settings import Archive
from pec.store.store import Store

MAIL = b"From: a@pec.example\r\n\r\nx"
DIGEST = hashlib.sha256(MAIL).hexdigest()


def opened(rules: Archive) -> Vault:
    vault = Vault.open(rules)
    assert vault
    return vault


def spoil(rules: Archive, name: str, data: bytes) -> None:
    """Write other bytes under a name, past the product."""
    if rules.url.startswith("s3://"):
        S3(rules).overwrite(name, data)
    else:
        (Path(rules.url) / name).write_bytes(data)


def test_bytes_come_back_as_they_were_put(rules: Archive) -> None:
    big = secrets.token_bytes(12_000_000)

    digests = [opened(rules).put(one, EML) for one in (MAIL, b"", big)]

    assert [opened(rules).get(one, EML) for one in digests] == [MAIL, b"", big]
    assert digests[0] == DIGEST


def test_mails_and_content_have_places_of_their_own(rules: Archive) -> None:
    vault = opened(rules)
    vault.put(MAIL, EML)

    assert vault.contains(DIGEST, EML)
    assert not vault.contains(DIGEST, CONTENT)
    assert path_of(DIGEST, EML) == f"{DIGEST[:2]}/{DIGEST}.eml"
    assert path_of(DIGEST, CONTENT) == f"content/{DIGEST[:2]}/{DIGEST}"


def test_mails_that_were_archived_since_an_instant_are_listed_and_no_content(rules: Archive) -> None:
    vault = opened(rules)
    vault.put(MAIL, EML)
    vault.put(b"another", EML)
    vault.put(b"content", CONTENT)
    spoil(rules, path_of(vault.put(b"spoilt", EML), EML), b"other bytes")
    hour = timedelta(hours=1)

    assert sorted(vault.mails_since(datetime.now(UTC) - hour)) == sorted([MAIL, b"another"])
    assert list(vault.mails_since(datetime.now(UTC) + hour)) == []


def test_the_same_bytes_may_be_put_by_many_at_once(rules: Archive) -> None:
    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(lambda _: opened(rules).put(MAIL, CONTENT), range(24)))

    assert set(digests) == {DIGEST}
    assert opened(rules).get(DIGEST, CONTENT) == MAIL


def test_bytes_that_are_not_there_are_missing(rules: Archive) -> None:
    vault = opened(rules)
    vault.put(MAIL, EML)

    with pytest.raises(Missing, match="put it back from a backup"):
        vault.get("0" * 64, EML)


def test_altered_bytes_are_never_given_out_and_a_put_replaces_them(rules: Archive) -> None:
    vault = opened(rules)
    vault.put(MAIL, EML)
    spoil(rules, path_of(DIGEST, EML), b"half a ma")

    with pytest.raises(Altered, match="was altered"):
        vault.get(DIGEST, EML)
    assert not vault.contains(DIGEST, EML)

    vault.put(MAIL, EML)
    assert vault.get(DIGEST, EML) == MAIL


def test_all_who_open_an_archive_get_the_same_id(rules: Archive) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: opened(rules).identity(), range(16)))

    assert len(found) == 1


def test_another_archive_than_the_one_in_use_is_refused(rules: Archive, store: Store, tmp_path: Path) -> None:
    agree = agreed_in(store)
    first = Vault.open(rules, agree)
    other = Vault.open(Archive.model_validate({"url": str(tmp_path / "other")}))
    assert first
    assert other
    first.identity()
    other.identity()

    again = Vault.open(Archive.model_validate({"url": str(tmp_path / "other")}), agree)
    assert again
    with pytest.raises(VaultAway, match="another archive than the one used so far"):
        again.put(MAIL, EML)


def test_an_empty_place_is_not_taken_for_the_archive_in_use(store: Store, in_folder: Archive) -> None:
    vault = Vault.open(in_folder, agreed_in(store))
    assert vault
    vault.put(MAIL, EML)
    root = Path(in_folder.url)
    root.rename(root.parent / "unmounted")
    root.mkdir()  # the mount point

    for use in (
        lambda: vault.get(DIGEST, EML),
        lambda: vault.put(MAIL, EML),
        lambda: vault.contains(DIGEST, EML),
    ):
        with pytest.raises(VaultAway, match="mount it"):
            use()
    assert list(root.iterdir()) == []

    root.rmdir()
    (root.parent / "unmounted").rename(root)
    assert vault.get(DIGEST, EML) == MAIL


def test_a_redis_that_lost_everything_takes_the_archive_again(rules: Archive, store: Store) -> None:
    vault = Vault.open(rules, agreed_in(store))
    assert vault
    vault.put(MAIL, EML)
    store.client.flushall()

    assert vault.identity() == opened(rules).identity()
    assert vault.get(DIGEST, EML) == MAIL


def test_without_a_url_there_is_no_archive() -> None:
    assert Vault.open(Archive.model_validate({})) is None
