"""Rows that a database keeps for a later look, and files that rows name in another folder than the list's."""

from pathlib import Path

import pytest

from producers.campaigns.campaign import ImportRequest, reopened, validate_file
from producers.campaigns.errors import Unusable
from producers.campaigns.row_store import RowStatus, RowStore

LIST = "PEC;nome;allegati\nrossi@pec.example;Rossi;a.pdf\nnessuno;Neri;\n"


def request(place: Path, **fields: object) -> ImportRequest:
    (place / "list.csv").write_text(LIST, encoding="utf-8")
    (place / "letter.txt").write_text("Gentile {nome}", encoding="utf-8")
    usual: dict[str, object] = {
        "file": place / "list.csv", "subject": "s", "body": place / "letter.txt",
        "stated": {"account": "acme"}, "batch": "b", "attach_columns": None,
    }  # fmt: skip
    return ImportRequest(**{**usual, **fields})  # type: ignore[arg-type]


def test_a_reopened_campaign_has_the_same_rows_and_letters(tmp_path: Path) -> None:
    asked, place = request(tmp_path), tmp_path / "rows.sqlite"
    with validate_file(asked, 10_000_000, lambda share: None, place) as campaign:
        columns, first = campaign.renderer.columns, campaign.first

    with reopened(asked, columns, 10_000_000, place) as again:
        assert again.first == first
        assert first is not None
        assert again.renderer.draft(first.values).body == "<p>Gentile Rossi</p>"
        assert again.row_store.count(RowStatus.REFUSED) == 1


def test_rows_that_are_not_there_are_no_empty_campaign(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RowStore.kept(tmp_path / "none.sqlite")


def test_without_columns_of_attachments_no_row_names_a_file(tmp_path: Path) -> None:
    with validate_file(request(tmp_path), 10_000_000, lambda share: None) as campaign:
        assert campaign.row_store.count(RowStatus.READY) == 1


def test_files_are_looked_for_in_the_named_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"x")
    files = tmp_path / "files"
    files.mkdir()
    asked = request(tmp_path, attach_columns=("allegati",), folder=files)
    with validate_file(asked, 10_000_000, lambda share: None) as campaign:
        assert campaign.row_store.count(RowStatus.READY) == 0
    (files / "a.pdf").write_bytes(b"x")

    with validate_file(asked, 10_000_000, lambda share: None) as campaign:
        assert campaign.row_store.count(RowStatus.READY) == 1


def test_a_file_with_more_rows_than_allowed_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(Unusable, match=r"list\.csv has more than 1 lines"),
        validate_file(request(tmp_path, max_rows=1), 10_000_000, lambda share: None),
    ):
        pass
