"""Uploads, and the content that is not uploaded again."""

from pathlib import Path

from pec.content import sha256
from producers.uploads import Uploads


def attached(uploads: Uploads, *attachments: object) -> list[dict[str, str]]:
    ready: list[dict[str, str]] = uploads.prepare({"attachments": list(attachments)})["attachments"]
    return ready


def test_what_was_put_is_not_put_again() -> None:
    uploads = Uploads()
    attached(uploads, ("a.txt", b"same"))
    assert uploads.waiting == {sha256(b"same"): b"same"}
    uploads.took()

    attached(uploads, ("b.txt", b"same"), ("c.txt", b"other"))

    assert uploads.waiting == {sha256(b"other"): b"other"}


def test_the_bytes_that_wait_are_counted_once_each() -> None:
    uploads = Uploads()
    attached(uploads, ("a.txt", b"12345"), ("b.txt", b"12345"), ("c.txt", b"123"))
    assert uploads.waiting_bytes == 8

    uploads.took()
    assert uploads.waiting_bytes == 0


def test_a_file_is_read_once_so_that_one_call_sends_one_version_of_it(tmp_path: Path) -> None:
    path, uploads = tmp_path / "a.txt", Uploads()
    path.write_bytes(b"before")
    first = attached(uploads, path)
    path.write_bytes(b"after")

    assert attached(uploads, path) == first


def test_what_is_no_body_and_no_attachment_list_is_left_to_the_models() -> None:
    job = {"body": 7, "attachments": "a.pdf"}

    assert Uploads().prepare(job) == job


def test_the_callers_job_is_not_changed() -> None:
    job = {"body": "x" * 5000, "attachments": [("a", b"a")]}

    Uploads().prepare(job)

    assert job == {"body": "x" * 5000, "attachments": [("a", b"a")]}
