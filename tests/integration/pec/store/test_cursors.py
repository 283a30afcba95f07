"""Cursors count for the reader they were given to, and show nothing of the message at which they stand."""

import base64

import pytest
from cryptography.fernet import Fernet

from pec.store.cursors import MAX_LENGTH, NoCursor, seal, unseal
from pec.store.store import Store

PLACE = (1764435600.123456, "acme:inv-1")


def test_a_cursor_gives_its_place_back(store: Store) -> None:
    assert unseal(store, "anna", seal(store, "anna", PLACE)) == PLACE


def test_a_cursor_shows_nothing_of_its_place(store: Store) -> None:
    shown = seal(store, "anna", PLACE)

    decoded = base64.urlsafe_b64decode(shown + "=" * (-len(shown) % 4))
    assert b"inv" not in decoded
    assert "acme" not in shown


def test_the_cursor_of_the_longest_id_fits(store: Store) -> None:
    assert len(seal(store, "a" * 64, (1764435600.123456, "x" * 138))) <= MAX_LENGTH


def test_what_another_reader_was_given_is_no_cursor(store: Store) -> None:
    with pytest.raises(NoCursor):
        unseal(store, "bruno", seal(store, "anna", PLACE))


def test_what_was_made_by_hand_is_no_cursor(store: Store) -> None:
    for wrong in ("", "x", "é", base64.urlsafe_b64encode(b'[1.0, "zzz"]').decode(), "a" * 400):
        with pytest.raises(NoCursor):
            unseal(store, "anna", wrong)


def test_of_two_that_make_the_first_key_at_once_one_makes_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def outrun() -> bytes:
        monkeypatch.undo()
        given.append(seal(store, "anna", PLACE))
        return Fernet.generate_key()

    monkeypatch.setattr(Fernet, "generate_key", outrun)

    given.append(seal(store, "anna", PLACE))

    assert [unseal(store, "anna", one) for one in given] == [PLACE, PLACE]


def test_a_lost_key_ends_the_cursors_of_before(store: Store) -> None:
    before = seal(store, "anna", PLACE)
    store.client.delete(store.keys.cursors)

    with pytest.raises(NoCursor):
        unseal(store, "anna", before)
    assert unseal(store, "anna", seal(store, "anna", PLACE)) == PLACE
