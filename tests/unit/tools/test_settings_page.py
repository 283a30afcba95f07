"""The page of settings lists all of them, and is the one that the code generates today."""

from pathlib import Path

from config.settings import Endpoint, Settings
from config.sources import variables
from tools.settings_page import reference

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run `make docs`"


def test_every_setting_says_what_it_means() -> None:
    every = [*variables(Settings), *variables(Endpoint)]

    assert [name for name, field in every if not field.description] == []


def test_each_row_reports_the_kind_the_default_and_the_bounds() -> None:
    rows = {
        row.split("`")[1]: row.split(" | ")[1:4] for row in reference().splitlines() if row.startswith("| `")
    }

    assert rows["PEC_API__RATE"] == ["number", "`1.0`", "more than 0; 1000 at most"]
    assert rows["PEC_UNCERTAIN__LOOKUP_SECONDS"][0] == "JSON list of numbers"
    assert rows["PEC_ACCOUNTS__<NAME>__SENDER"][1] == "required"
    assert rows["PEC_API__TOKEN"][1] == "–"


def test_secrets_are_marked() -> None:
    rows = [row for row in reference().splitlines() if "**secret**" in row and row.startswith("|")]

    assert [row.split("`")[1] for row in rows] == [
        "PEC_REDIS_TLS__KEY_PASSWORD",
        "PEC_API__TOKEN",
        "PEC_ACCOUNTS__<NAME>__PASSWORD",
        "PEC_ACCOUNTS__<NAME>__TOKEN",
        "PEC_ACCOUNTS__<NAME>__IMAP__PASSWORD",
        "PEC_ARCHIVE__S3__SECRET_ACCESS_KEY",
        "secret",
    ]


def test_a_bar_in_a_pattern_does_not_end_its_cell() -> None:
    row = next(row for row in reference().splitlines() if "PEC_LOG_LEVEL" in row)

    assert row.replace("\\|", "").count("|") == 6
