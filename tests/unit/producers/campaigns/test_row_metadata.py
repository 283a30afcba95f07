"""The columns of a line that its message keeps."""

from pec.content import MAX_METADATA_BYTES
from pec.jobs import validate
from producers.campaigns.row_metadata import row_metadata


def test_named_cells_that_hold_something_are_kept_in_their_order() -> None:
    found = row_metadata(["Nome", "", "Note", "Comune", "Nome"], ["Anna", "x", "", "Forlì", "Bruno"])

    assert list(found["row"].items()) == [("Nome", "Anna"), ("Comune", "Forlì")]


def test_columns_of_a_file_of_refused_lines_are_not_the_sheets() -> None:
    assert row_metadata(["Nome", "pec-batch", "errors"], ["Anna", "b", "e"]) == {"row": {"Nome": "Anna"}}
    assert row_metadata(["errors"], ["2"]) == {"row": {"errors": "2"}}


def test_a_long_cell_is_left_out_rather_than_the_line_refused() -> None:
    found = row_metadata(["a", "b", "c"], ["è" * 2000, "x" * MAX_METADATA_BYTES, "c"])

    assert list(found["row"]) == ["a", "c"]


def test_any_row_is_metadata_that_workers_take() -> None:
    header = [f"colonna {number} \ud800" for number in range(600)]
    job = {
        "type": "send",
        "id": "x",
        "account": "acme",
        "recipient": "x@pec.example",
        "subject": "S",
        "body": "B",
    }

    assert validate({**job, "metadata": row_metadata(header, ["è\ud83d" * 3] * 600)})
