"""A file of an old computer is read as it was written, or a person is asked; never with other letters in silence."""

import io

import pytest

from producers.campaigns.errors import Misused, Unusable
from producers.campaigns.spreadsheet.encodings import Encoding, encoding_of

NAMES = ["Società Alfa", "Forlì e Città", "Perché Niccolò", "Virtù", "Müller & C.", "dell'Università"]
OLD = ["cp1252", "mac_roman", "cp850", "cp858", "cp437", "iso8859-15"]


def csv(values: list[str], ends: str = "\r\n") -> str:
    return ends.join(["PEC;nome", *(f"a@pec.example;{value}" for value in values), ""])


def read(content: bytes, chosen: str | None = None) -> Encoding:
    return encoding_of(io.BytesIO(content), "soci.csv", chosen)


@pytest.mark.parametrize("encoding", OLD)
@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
def test_italian_names_are_read_in_whatever_they_were_written(encoding: str, ends: str) -> None:
    content = csv(NAMES, ends).encode(encoding)

    found = read(content)

    assert content.decode(found.name) == csv(NAMES, ends)
    assert found.values == tuple(NAMES[:3])
    assert found.judged


@pytest.mark.parametrize(
    ("encoding", "value"),
    [
        *[("cp1252", one) for one in ("Müller", "Gonçalves", "Muñoz", "n° 12", "100 €", "“Rossi”", "1 – 2")],
        *[("cp1252", one) for one in ("dell’anno", "CITTà", "È", "Šimon", "François")],
        *[("mac_roman", one) for one in ("Società", "Forlì", "è", "CITTà", "VIRTÙ", "dell’anno", "Müller")],
        *[("cp850", one) for one in ("Forlì", "Perché", "Virtù", "Niccolò", "VIRTÙ", "Unità")],
    ],
)
def test_one_value_is_read_right_or_asked_about(encoding: str, value: str) -> None:
    content = csv([value]).encode(encoding)

    assert value in answer(content)


def answer(content: bytes) -> str:
    """Return the text that was read, or the question."""
    try:
        return content.decode(read(content).name)
    except Unusable as asked:
        return str(asked)


@pytest.mark.parametrize(
    ("encoding", "value"),
    [("mac_roman", "CAFFÈ"), ("cp850", "Società"), ("cp850", "Straße"), ("mac_roman", "Gonçalves")],
)
def test_what_can_be_two_things_is_asked_with_both_readings(encoding: str, value: str) -> None:
    with pytest.raises(
        Unusable, match=r"can't be read for certain \(.*name the right encoding with --encoding"
    ) as asked:
        read(csv([value]).encode(encoding))

    assert value in str(asked.value)


def test_a_file_that_mixes_two_encodings_is_read_in_neither() -> None:
    mixed = csv(["Società", "Forlì"]).encode() + b"b@pec.example;Nicol\xf2\r\n"

    with pytest.raises(Unusable, match="--encoding"):
        read(mixed)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_with_a_mark_and_without(encoding: str) -> None:
    content = csv(NAMES).encode(encoding)

    found = read(content)

    assert content.decode(found.name) == csv(NAMES)
    assert not found.judged


@pytest.mark.parametrize(
    ("chosen", "encoding"),
    [
        ("macintosh", "mac_roman"),
        ("Mac", "mac_roman"),
        ("cp850", "cp850"),
        ("dos", "cp858"),
        ("ansi", "cp1252"),
    ],
)
def test_what_a_person_says_counts(chosen: str, encoding: str) -> None:
    content = csv(["CAFFÈ"]).encode(encoding)

    found = read(content, chosen)

    assert content.decode(found.name) == csv(["CAFFÈ"])
    assert (found.label, found.values) == (chosen, ("CAFFÈ",))


def test_what_a_person_says_must_fit() -> None:
    with pytest.raises(Unusable, match="is no text in utf-8: name another --encoding"):
        read(b"Nicol\xf2", "utf-8")


@pytest.mark.parametrize("chosen", ["latino", "base64", "rot13", ""])
def test_what_is_no_encoding_is_refused_with_those_that_are(chosen: str) -> None:
    with pytest.raises(Misused, match=r"--encoding: .* is unknown: name utf-8"):
        read(b"a", chosen)


def test_accents_on_the_border_of_two_chunks_count() -> None:
    for length in range(65_525, 65_537):
        content = (b"x" * length + "Forlì\r\nVirtù\r\n".encode("mac_roman")) * 2

        assert read(content).name == "mac_roman"


def test_a_hard_space_at_the_edge_of_a_cell_is_no_doubt() -> None:
    content = csv(["\xa0Rossi "]).encode("cp1252")

    assert read(content).name == "cp1252"
