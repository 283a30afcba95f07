"""Files beside the campaign's, and none from elsewhere."""

import os
import unicodedata
from pathlib import Path

import pytest

from producers.campaigns.attachments import Folder, Missing, names_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "campagna"
    (inside / "atti").mkdir(parents=True)
    (inside / "a.pdf").write_bytes(b"12345")
    (inside / "atti" / "b.pdf").write_bytes(b"1")
    (tmp_path / "segreto.txt").write_bytes(b"secret")
    (inside / "link.txt").symlink_to(tmp_path / "segreto.txt")
    (inside / "fuori").symlink_to(tmp_path)
    return inside


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("", []),
        ("a.pdf", ["a.pdf"]),
        ("a.pdf; b.pdf", ["a.pdf", "b.pdf"]),
        ("a.pdf | b.pdf", ["a.pdf", "b.pdf"]),
        ("a.pdf\nb, c.pdf;", ["a.pdf", "b, c.pdf"]),
        ("a.pdf;;b.pdf", ["a.pdf", "", "b.pdf"]),
    ],
)
def test_a_cell_names_several_files(cell: str, names: list[str]) -> None:
    assert names_in(cell) == names


@pytest.mark.parametrize("name", ["atti/b.pdf", r"atti\b.pdf", "./atti/b.pdf"])
def test_a_file_in_a_folder_below_is_found_as_windows_or_others_write_it(folder: Path, name: str) -> None:
    found = Folder(folder).find(name)

    assert (found.name, found.size) == ("b.pdf", 1)


def test_accents_are_found_as_a_mac_writes_them(folder: Path) -> None:
    (folder / unicodedata.normalize("NFD", "perché.pdf")).write_bytes(b"1")

    assert Folder(folder).find("perché.pdf").name == "perché.pdf"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "empty name"),
        ("c.pdf", "c.pdf: is not in the folder campagna"),
        ("A.PDF", r"is not in the folder campagna.*\(there is a.pdf: capitals count\)"),
        ("atti", "is a folder"),
        ("../segreto.txt", "must be in the folder of the file"),
        (r"atti\..\..\segreto.txt", "must be in the folder of the file"),
        ("/etc/passwd", "must be in the folder of the file"),
        (r"C:\Users\a.pdf", "must be in the folder of the file"),
        (r"\\server\a.pdf", "must be in the folder of the file"),
        ("link.txt", "is a link that leads out of the folder"),
        ("fuori/segreto.txt", "is a link that leads out of the folder"),
        ("x" * 300, "can't be read"),
    ],
)
def test_what_can_not_be_attached_is_reported(folder: Path, name: str, said: str) -> None:
    with pytest.raises(Missing, match=said):
        Folder(folder).find(name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_reported(folder: Path) -> None:
    (folder / "a.pdf").chmod(0)

    with pytest.raises(Missing, match="can't be read"):
        Folder(folder).find("a.pdf")
