"""Which domains are known to be no PEC."""

import pytest

from producers.campaigns.ordinary import is_ordinary


@pytest.mark.parametrize(
    "domain", ["gmail.com", "Libero.it", "hotmail.it", "yahoo.co.uk", "live.com", "tin.it"]
)
def test_well_known_ordinary_mail_is_known(domain: str) -> None:
    assert is_ordinary(domain)


@pytest.mark.parametrize(
    "domain",
    [
        *(
            "pec.libero.it",
            "legalmail.it",
            "postecert.it",
            "pec.it",
            "pec.gmail.com",
            "pec.live.it",
            "arubapec.it",
        ),
        *("pec.aruba.it", "studiolive.it", "notgmail.com", "", "pec.tim.it", "livepec.it"),
    ],
)
def test_pec_and_unknown_domains_are_not_taken_for_it(domain: str) -> None:
    assert not is_ordinary(domain)
