"""Reasons by their code: what Redis keeps of them can be translated, whichever version wrote it."""

import json

import pytest

from config.texts import Text
from pec.messages import Reason
from pec.reasons import explain, reason_by_code


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (reason_by_code("wallet", status=402, excerpt=""), "the API's wallet is empty"),
        (reason_by_code("status", status=503, excerpt="down"), "the API answered 503: down"),
        (
            reason_by_code("refused", may_have_left=False, cause="Connection refused"),
            "the API can't be reached: Connection refused",
        ),
        (
            reason_by_code("deadline", may_have_left=True, cause="timed out"),
            "no usable answer came: timed out",
        ),
        (
            reason_by_code("not_delivered", receipt="errore-consegna", error="5.2.2"),
            "the recipient's provider did not deliver it: the mailbox is full",
        ),
        (
            reason_by_code("virus", receipt="non-accettazione"),
            "the sender's provider refused the message: a virus was found",
        ),
        (reason_by_code("mailbox_full", share=0.954), "the mailbox is 95% full: archive and delete"),
        (
            reason_by_code("not_found", searches=4, id="m-1"),
            "its answer was lost and 4 searches of the mailbox did not find it: `pec resend m-1`",
        ),
        (
            reason_by_code("perhaps_sent", id="m-1", why="similar_sent", code="20260101"),
            "it may have been sent since the backup (one alike was sent: 20260101)",
        ),
        (
            reason_by_code(
                "archive_away", cause="disk_full", place="/srv/pec", why="No space left on device"
            ),
            "the archive /srv/pec can't be used (No space left on device): make room on its disk",
        ),
        (reason_by_code("shape", wanted="quota"), "the API sent no numbers where a quota is meant"),
    ],
)
def test_a_reason_is_read_back_from_redis_in_the_words_of_its_code(reason: Reason, words: str) -> None:
    stored = json.loads(json.dumps(reason.as_dict()))

    said = explain(Reason(stored["code"], "of an older version", stored["details"]))

    assert said == reason.description
    assert said.startswith(words)
    assert isinstance(said, Text)


@pytest.mark.parametrize(
    "reason",
    [
        Reason("of_tomorrow", "as it says itself"),
        Reason("not_found", "as it says itself"),  # an older version gave no details
        Reason("virus", "as it says itself", {"receipt": "another"}),
        Reason("archive_away", "as it says itself", {"cause": "of_tomorrow", "place": "/srv/pec"}),
    ],
)
def test_a_code_or_a_detail_that_is_not_known_here_leaves_the_stored_words(reason: Reason) -> None:
    assert explain(reason) == "as it says itself"


def test_a_reason_without_words_is_named_by_its_code() -> None:
    assert explain(Reason("of_tomorrow", "")) == "of_tomorrow"


def test_an_older_record_is_explained_by_the_status_code_that_it_has() -> None:
    assert explain(Reason("odd", "it came back", {"error": "5.1.1"})).endswith(": there is no such mailbox")
