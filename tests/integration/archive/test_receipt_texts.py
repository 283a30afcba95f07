"""Texts of receipts: from Redis as the API showed them, from the original once it is archived."""

from dataclasses import replace
from pathlib import Path

import pytest

from archive.certified import receipt_of
from archive.receipt_texts import text_or_why, with_text
from archive.vault import EML, Missing, Vault
from archive.vault.vault import path_of
from config.settings import Archive
from pec.receipts import Receipt
from tests.signing import DELIVERED, receipt, verified

FACTS = replace(DELIVERED, subject="Fattura 2026112010300042")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    vault = Vault.open(Archive(url=str(tmp_path)))
    assert vault
    return vault


def archived(vault: Vault, text: str = FACTS.text) -> Receipt:
    raw = receipt(replace(FACTS, text=text))
    vault.put(raw, EML)
    found = receipt_of(verified(raw))
    assert found
    return found


def test_the_text_of_an_archived_receipt_comes_from_its_original(vault: Vault) -> None:
    assert with_text(archived(vault), vault).text == FACTS.text
    assert text_or_why(archived(vault), vault) == (FACTS.text, "")


def test_a_text_that_redis_has_is_taken_from_there(vault: Vault) -> None:
    of_the_api = replace(archived(vault), original=None, text="dalla casella")
    of_an_older_version = replace(archived(vault), text="accanto all'originale")

    assert text_or_why(of_the_api, None) == ("dalla casella", "")
    assert text_or_why(of_an_older_version, None) == ("accanto all'originale", "")


def test_a_mail_without_a_text_has_none(vault: Vault) -> None:
    without = archived(vault, text="")

    assert text_or_why(without, vault) == (None, "")
    assert text_or_why(replace(without, text=None), vault) == (None, "")  # an older version stored it so


def test_an_archive_that_lost_the_original_or_is_not_named_says_so_in_place_of_the_text(
    vault: Vault, tmp_path: Path
) -> None:
    kept = archived(vault)
    assert kept.original
    (tmp_path / path_of(kept.original.sha256, EML)).unlink()

    text, why = text_or_why(kept, vault)

    assert (text, "does not hold" in why) == (None, True)
    assert "PEC_ARCHIVE__URL" in text_or_why(kept, None)[1]
    with pytest.raises(Missing):
        with_text(kept, vault)
