"""Which column is which."""

import pytest

from producers.campaigns.columns import columns_of
from producers.campaigns.errors import Misused, Unusable


@pytest.mark.parametrize(
    "name", ["PEC", "pec", " Indirizzo  PEC", "indirizzo_pec", "Destinatario", "E-Mail", "to"]
)
def test_the_recipient_is_known_by_its_usual_names(name: str) -> None:
    assert columns_of(["Nome", name]).recipient == 1


def test_a_column_of_pec_is_taken_before_one_of_ordinary_mail() -> None:
    assert columns_of(["Email", "Destinatario", "PEC"]).recipient == 2


def test_attachments_and_id_are_known_by_their_usual_names() -> None:
    columns = columns_of(["ID", "PEC", "Allegati"])

    assert (columns.id, columns.attachments) == (0, (2,))


def test_columns_can_be_named_in_any_case() -> None:
    columns = columns_of(["Casella", "Doc 1", "Doc 2", "Pratica"], "casella", ["doc 2", "DOC 1"], "PRATICA")

    assert (columns.recipient, columns.attachments, columns.id) == (0, (2, 1), 3)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["Nome", "Importo"], "no column is named as the recipient's.*: Nome, Importo"),
        (["pec", "indirizzo pec"], "several columns may be meant.*--to-column"),
        (["pec", "allegato", "allegati"], "several columns may be meant.*--attach-column"),
        (["pec", "Allegato 1", "Allegato 2"], "--attach-column: is it Allegato 1, Allegato 2"),
        (["pec", "Nome", " nome"], "two columns are called"),
        (["mario@pec.example.it", "Mario"], "put a line of names above it"),
    ],
)
def test_a_header_that_leaves_doubt_is_refused(header: list[str], said: str) -> None:
    with pytest.raises(Unusable, match=said):
        columns_of(header)


def test_a_name_that_no_column_has_is_reported_with_the_nearest() -> None:
    with pytest.raises(Misused, match=r"--to-column: no column is called caselle \(did you mean Casella\?\)"):
        columns_of(["Casella"], "caselle")
