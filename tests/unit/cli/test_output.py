"""Tables and facts, as a person's terminal shows them."""

import sys

import pytest

from cli import output


def test_a_long_value_is_folded_and_never_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    address = "amministrazione.del.personale@posta-certificata.example"

    output.table(("ID", "NOTE"), [("m-1", address)])

    shown = capsys.readouterr().out
    assert "…" not in shown
    folded = "".join(line.removeprefix("  m-1").strip() for line in shown.splitlines()[3:])
    assert folded == address
