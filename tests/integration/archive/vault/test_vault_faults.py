"""Faults of a folder and of storage: each is one clear sentence, and none leaves half a file."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive.vault import CONTENT, EML, Vault, VaultAway, s3
from archive.vault.folder import ABANDONED_SECONDS, UNFINISHED
from config.settings import Archive
from tests.integration.archive.vault.storage import KEYS, answering, make_certificates, reading_slowly, silent

MAIL = b"From: a@pec.example\r\n\r\nx"
DIGEST = hashlib.sha256(MAIL).hexdigest()
DENIED = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"


def opened(rules: Archive) -> Vault:
    vault = Vault.open(rules)
    assert vault
    return vault


def at(endpoint: str) -> Archive:
    return Archive.model_validate({"url": "s3://bucket/prefix", "s3": {**KEYS, "endpoint": endpoint}})


# A folder


@contextmanager
def disk(folder: Path) -> Iterator[Callable[[str], bool]]:
    """Mount a disk of 1 MB, if this machine lets the test. Yields what mounts it again with other options."""
    folder.mkdir()

    def mount(options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    if os.geteuid() != 0 or not mount("size=1m"):
        pytest.skip("only root may mount a disk")
    try:
        yield lambda options: mount(f"remount,{options}")
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_named_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with disk(tmp_path / "disk"):
        rules = Archive.model_validate({"url": str(tmp_path / "disk" / "archive")})
        vault = opened(rules)
        vault.put(MAIL, EML)

        with pytest.raises(VaultAway, match=r"No space left on device.*make room on its disk"):
            vault.put(bytes(2_000_000), EML)

        files = sorted(path.name for path in Path(rules.url).rglob("*") if path.is_file())
        assert files == sorted([f"{DIGEST}.eml", "pec-archive"])
        assert vault.get(DIGEST, EML) == MAIL


def test_a_disk_that_is_read_only_is_named_and_gives_what_it_holds(tmp_path: Path) -> None:
    with disk(tmp_path / "disk") as remount:
        vault = opened(Archive.model_validate({"url": str(tmp_path / "disk" / "archive")}))
        vault.put(MAIL, EML)
        remount("ro")

        with pytest.raises(VaultAway, match="mount it for writing"):
            vault.put(b"other", EML)
        assert vault.get(DIGEST, EML) == MAIL


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_named(in_folder: Archive) -> None:
    opened(in_folder).identity()
    Path(in_folder.url).chmod(0o500)
    try:
        with pytest.raises(VaultAway, match="let the user of the workers write there"):
            opened(in_folder).put(MAIL, EML)
    finally:
        Path(in_folder.url).chmod(0o700)


def test_a_folder_below_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    rules = Archive.model_validate({"url": str(tmp_path / "nas" / "archive")})

    with pytest.raises(VaultAway, match="mount its disk"):
        opened(rules).put(MAIL, EML)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(b"")

    with pytest.raises(VaultAway, match="name a folder in PEC_ARCHIVE__URL"):
        opened(Archive.model_validate({"url": str(tmp_path / "archive")})).put(MAIL, EML)


def test_a_process_that_is_killed_while_it_writes_leaves_no_half_file(in_folder: Archive) -> None:
    program = (
        "import os, sys; from archive.vault import Vault; from config.settings import Archive; "
        "vault = Vault.open(Archive(url=sys.argv[1])); vault.put(b'first', ''); "
        "[(vault.put(os.urandom(3_000_000), ''), print(flush=True)) for _ in iter(int, 1)]"
    )
    for pause in (0.002, 0.005, 0.008):
        with subprocess.Popen(
            [sys.executable, "-c", program, in_folder.url], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout
            for _ in range(2):
                writer.stdout.readline()
            time.sleep(pause)  # a moment in the middle of a write, which nothing signals
            writer.kill()

    whole = [one for one in (Path(in_folder.url) / "content").rglob("*") if one.is_file()]
    assert len(whole) >= 7
    assert [one.name for one in whole if one.name != hashlib.sha256(one.read_bytes()).hexdigest()] == []
    assert opened(in_folder).put(b"first", CONTENT)


def test_what_a_killed_writer_left_is_removed_a_day_later(in_folder: Archive) -> None:
    vault = opened(in_folder)
    vault.put(MAIL, EML)
    left, under_way = (Path(in_folder.url) / UNFINISHED / name for name in ("left", "under-way"))
    for file in (left, under_way):
        file.write_bytes(b"half")
    long_ago = time.time() - ABANDONED_SECONDS - 1
    os.utime(left, (long_ago, long_ago))

    vault.remove_unfinished()

    assert [one.name for one in left.parent.iterdir()] == ["under-way"]
    assert vault.get(DIGEST, EML) == MAIL


# Storage


def test_a_certificate_of_our_own_authority_is_trusted_once_the_environment_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, certificate = make_certificates(tmp_path)
    with answering(200, b"", certificate) as url:
        with pytest.raises(VaultAway, match=r"its certificate is not trusted\): .* in SSL_CERT_FILE"):
            s3.S3(at(url)).put_new("name", MAIL)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert s3.S3(at(url)).put_new("name", MAIL)


def test_a_bucket_that_is_not_there_is_away_and_holds_nothing_missing(s3_url: str) -> None:
    rules = Archive.model_validate({"url": "s3://nowhere", "s3": {**KEYS, "endpoint": s3_url}})

    for use in (lambda: opened(rules).put(MAIL, EML), lambda: opened(rules).get(DIGEST, EML)):
        with pytest.raises(VaultAway, match="there is no such bucket"):
            use()


def test_storage_that_nothing_answers_for_is_away() -> None:
    with pytest.raises(VaultAway, match="nothing answers"):
        opened(at("http://127.0.0.1:9")).put(MAIL, EML)


def test_credentials_that_are_refused_are_named_without_their_secret() -> None:
    with answering(403, DENIED) as url, pytest.raises(VaultAway) as refused:
        opened(at(url)).put(MAIL, EML)

    assert "access is denied" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("InvalidAccessKeyId", "PEC_ARCHIVE__S3__ACCESS_KEY_ID"),
        ("SignatureDoesNotMatch", "PEC_ARCHIVE__S3__SECRET"),
    ],
)
def test_a_wrong_key_is_named_by_its_setting(code: str, named: str) -> None:
    body = f"<Error><Code>{code}</Code></Error>".encode()
    with answering(403, body) as url, pytest.raises(VaultAway, match=named):
        opened(at(url)).get(DIGEST, EML)


def test_storage_that_fails_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "MAX_RETRIES", 0)
    with answering(503, b"") as url, pytest.raises(VaultAway, match="503"):
        opened(at(url)).put(MAIL, EML)


def test_storage_that_is_silent_is_away_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "SILENCE", s3.SILENCE / 100)
    monkeypatch.setattr(s3, "SHORT_TIMEOUT", s3.SHORT_TIMEOUT / 100)
    monkeypatch.setattr(s3, "MAX_RETRIES", 0)
    with silent() as url:
        with pytest.raises(VaultAway, match="does not answer in time"):
            opened(at(url)).get(DIGEST, EML)
        with pytest.raises(VaultAway, match="does not answer in time"):
            s3.S3(at(url)).put_new("name", MAIL)


def test_a_large_upload_may_take_longer_than_a_storage_may_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "SILENCE", s3.SILENCE / 100)
    monkeypatch.setattr(s3, "MAX_RETRIES", 0)
    with reading_slowly(bytes_per_second=20_000_000) as url:
        assert s3.S3(at(url)).put_new("name", bytes(12_000_000))

    assert s3.timeout_of(bytes(200_000)) == s3.SHORT_TIMEOUT
    assert s3.timeout_of(bytes(100_000_000)).total_seconds() == 240
