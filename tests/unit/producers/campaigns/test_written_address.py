"""Addresses as people write them into cells."""

import pytest

from producers.campaigns.written_address import (
    address_in,
    addresses_in,
    domain_shown,
    foreign_letters,
    is_several,
)


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "a@b.it",
            " a@b.it\xa0",
            "\u200ba@b.it\ufeff",
            "\u2066a@b.it\u2069",
            "\u200b\u202fa@b.it",
            "«a@b.it»",
            "a\u200b@b.it",
            "a@b.it;",
            "<a@b.it>",
            "'a@b.it'",
        ),
        *("PEC: a@b.it", "pec:a@b.it", "P.E.C.: a@b.it", "e-mail: a@b.it", "Posta certificata: a@b.it"),
        *("mailto:a@b.it", "MAILTO: a@b.it", "mailto:a@b.it?subject=x", "mailto:a%40b.it", "a@b.it; a@b.it"),
        *("Rossi <a@b.it>", '"Rossi, M." <a@b.it>', "a@b.it <mailto:a@b.it>", "Rossi [mailto:a@b.it]"),
        *("a@b.it (Mario Rossi)", "a@b.it <a@b.it>"),
    ],
)
def test_what_stands_around_an_address_is_taken_away(cell: str) -> None:
    assert address_in(cell) == "a@b.it"


@pytest.mark.parametrize("address", ["o'neil@pec.it", "a/b@pec.it", "a+b@pec.it", "a&b@pec.it"])
def test_an_unusual_address_is_kept(address: str) -> None:
    assert address_in(f"Nome <{address}>") == address_in(address) == address


@pytest.mark.parametrize(
    "cell",
    [
        *("a@b.it; c@d.it", "a@b.it, c@d.it", "a@b.it c@d.it", "a@b.it/c@d.it", "a@b.it\nc@d.it"),
        *("a@b.it e c@d.it", "a@b.it <c@d.it>", "A <a@b.it>; C <c@d.it>", "mailto:a@b.it,c@d.it"),
    ],
)
def test_several_addresses_stay_as_they_are(cell: str) -> None:
    assert len(addresses_in(cell)) == 2
    assert address_in(cell) == cell


@pytest.mark.parametrize(
    "cell", ["a@b.it+c@d.it", "a@b.it–c@d.it", "a@b.itc@d.it", "a@b.it; c@d.it", "a@b.it•c@d.it"]
)
def test_several_addresses_are_found_whatever_stands_between_them(cell: str) -> None:
    assert is_several(cell)


@pytest.mark.parametrize(
    "cell", ["rossi@@pec.it", "mario@rossi@pec.it", "a@b.it", "a@b.it; a@b.it", "rossi@", ""]
)
def test_a_mistyped_address_is_one(cell: str) -> None:
    assert not is_several(cell)


@pytest.mark.parametrize("cell", ["rossi@", "n.d.", "a @b.it", "rossi@@pec.it", "Mario a@b.it", ""])
def test_what_is_no_address_stays_unchanged(cell: str) -> None:
    assert address_in(cell) == cell


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("pеc.it", ["е"]),
        ("рес.it", ["р", "е", "с"]),
        ("pec.ροσσι.it", ["ρ", "ο", "σ", "ι"]),
        ("città.it", []),
        ("почта.рф", []),
        ("pec.it", []),
    ],
)
def test_letters_of_another_alphabet_are_found_among_latin_ones(text: str, letters: list[str]) -> None:
    assert foreign_letters(text) == letters


def test_a_domain_in_punycode_is_shown_in_its_letters() -> None:
    assert domain_shown("xn--pc-hlc.it") == b"xn--pc-hlc.it".decode("idna")
