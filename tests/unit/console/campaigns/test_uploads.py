"""Files that a person uploads."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from console.campaigns import room, uploads
from pec.operations.refusals import Refused


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the disk one on which more has to stay free than any has."""
    monkeypatch.setattr(room, "KEPT_FREE_BYTES", 1 << 62)


def packed(**files: bytes) -> BytesIO:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    file.seek(0)
    return file


@pytest.mark.usefixtures("full")
def test_a_full_disk_takes_no_upload(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(b"good")

    with pytest.raises(Refused) as refused:
        uploads.store(BytesIO(b"more"), tmp_path / "x.pdf", 1000)

    assert refused.value.code == "no_room"
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"x.pdf": b"good"}


@pytest.mark.usefixtures("full")
def test_a_full_disk_takes_no_zip(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()

    with pytest.raises(Refused) as refused:
        uploads.add_files(packed(a=b"1"), "x.zip", folder)

    assert refused.value.code == "no_room"
    assert list(folder.iterdir()) == []


def test_an_empty_upload_leaves_the_file_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(b"good")

    with pytest.raises(Refused):
        uploads.store(BytesIO(), tmp_path / "x.pdf", 1000)

    assert (tmp_path / "x.pdf").read_bytes() == b"good"


def test_a_zip_with_too_large_a_directory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_DIRECTORY_BYTES", 10_000)
    folder = tmp_path / "files"
    folder.mkdir()
    few, many = (packed(**{f"f{number}": b"1" for number in range(count)}) for count in (10, 500))

    with pytest.raises(Refused) as refused:
        uploads.add_files(many, "x.zip", folder)

    assert refused.value.code == "too_many_files"
    assert list(folder.iterdir()) == []
    assert len(uploads.add_files(few, "x.zip", folder)) == 10
