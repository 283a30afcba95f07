"""The folder of campaigns."""

from pathlib import Path

import pytest

from console.campaigns import shelf as shelves
from console.campaigns.shelf import Shelf
from pec.operations.refusals import Refused


def test_no_more_campaigns_are_made_than_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "MAX_CAMPAIGNS", 1)
    shelf = Shelf(tmp_path)
    desk, draft = shelf.make("anna", "avvisi.csv", "avvisi")
    desk.write(draft)

    with pytest.raises(Refused) as refused:
        shelf.make("anna", "corrections.csv", "avvisi", parent=draft.id)

    assert refused.value.code == "too_many_campaigns"
    assert [one.id for one in shelf.all()] == [draft.id]
