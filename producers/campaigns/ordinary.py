"""Domains that are ordinary mail for certain: a PEC to them is accepted, and never gets a CONSEGNA. Data.

A domain counts as it stands: `pec.libero.it` is PEC, `libero.it` is not.
"""

import re

_DOMAINS = frozenset(
    {
        *(
            "gmail.com",
            "googlemail.com",
            "icloud.com",
            "me.com",
            "mac.com",
            "msn.com",
            "aol.com",
            "proton.me",
        ),
        *(
            "protonmail.com",
            "libero.it",
            "inwind.it",
            "iol.it",
            "blu.it",
            "giallo.it",
            "virgilio.it",
            "tin.it",
        ),
        *("alice.it", "tim.it", "tiscali.it", "tiscalinet.it", "fastwebnet.it", "email.it", "katamail.com"),
        *("vodafone.it", "teletu.it", "infinito.it", "supereva.it", "interfree.it", "aruba.it", "poste.it"),
    }
)
_FAMILIES = re.compile(
    r"(hotmail|outlook|live|yahoo|ymail|rocketmail|gmx)\.(com|it|net|eu|org|fr|de|es|co\.uk)"
)


def is_ordinary(domain: str) -> bool:
    """Return whether it is a well-known domain of ordinary mail. False proves nothing."""
    lowered = domain.lower()
    return lowered in _DOMAINS or _FAMILIES.fullmatch(lowered) is not None
