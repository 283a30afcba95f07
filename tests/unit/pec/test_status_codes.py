"""Status codes say what people know: the table, PEC's own meanings, and codes that were never seen."""

import pytest

from pec.status_codes import MEANINGS, explained, meaning_of


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("5.1.1", "there is no such mailbox"),
        ("5.2.2", "the mailbox is full"),
        ("4.2.2", "the mailbox is full"),
        ("5.4.1", "time ran out"),
        ("4.4.1", "the recipient's server does not answer"),
        ("5.5.1", "a virus was found"),
        ("5.7.1", "the recipient's provider does not allow it"),
        ("5.2.99", "the mailbox has a problem"),
        ("5.9.9", "the provider names no cause"),
        ("5.0.0", "the provider names no cause"),
    ],
)
def test_a_code_says_what_people_know(status: str, meaning: str) -> None:
    assert meaning_of(status) == meaning


def test_every_detail_of_rfc_3463_has_words() -> None:
    details = {1: 9, 2: 5, 3: 6, 4: 8, 5: 6, 6: 6, 7: 8}
    wanted = {f"{subject}.{one}" for subject, count in details.items() for one in range(count)}

    assert wanted - {"1.5"} <= MEANINGS.keys()


def test_a_description_is_explained_once() -> None:
    said = explained("the provider did not deliver it", {"error": "5.2.2"})

    assert said == "the provider did not deliver it: the mailbox is full"
    assert explained(said, {"error": "5.2.2"}) == said
    assert explained("held", {}) == "held"
