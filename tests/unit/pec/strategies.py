"""Hypothesis strategies of PEC: codes, subjects and how they change on the way, receipts and mails."""

from datetime import UTC, datetime
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from pec.receipts import HEADINGS, Heading, Kind, Mail, Named, Receipt, read

PATIENT: Final = settings(deadline=None)  # a noisy machine is not a failure
PROVIDER: Final = "posta-certificata@pecmassiva.com"
CODE: Final = "2020082610003492"

RECEIPT_HEADINGS: Final = tuple(heading for heading in HEADINGS if heading.kind)
FOREIGN_HEADINGS: Final = tuple(heading for heading in HEADINGS if not heading.kind)


@st.composite
def codes(draw: DrawFn) -> str:
    """A code of the API: its local time and one to six digits."""
    moment = draw(st.datetimes(datetime(2020, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001 - a local time is meant
    return f"{moment:%Y%m%d%H%M%S}" + draw(st.text("0123456789", min_size=1, max_size=6))


def _written() -> SearchStrategy[str]:
    return st.text(
        st.one_of(
            st.characters(min_codepoint=32, max_codepoint=126),
            st.sampled_from("àèéìòù’“”–€\u00a0"),
            st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")),
        ),
        min_size=1,
        max_size=120,
    )


def _tricky() -> SearchStrategy[str]:
    headings = st.sampled_from([f"{heading.words}: " for heading in HEADINGS])
    numbers = st.one_of(codes(), st.integers(0, 10**17).map(str))
    return st.tuples(st.one_of(st.just(""), headings), _written(), st.one_of(st.just(""), numbers)).map(
        lambda parts: f"{parts[0]}{parts[1]} {parts[2]}"
    )


def subjects() -> SearchStrategy[str]:
    """Any subject that a job may have: Unicode, headings at its start, digits at its end, long ones."""
    lengthy = st.tuples(_written(), st.integers(2, 8)).map(lambda pair: pair[0] * pair[1])
    return (
        st.one_of(_written(), _tricky(), lengthy)
        .map(lambda text: text[:500])
        .filter(lambda text: text.strip() != "")
    )


@st.composite
def mangled(draw: DrawFn, subject: str) -> str:
    """The subject with each character outside ASCII kept, lost, or replaced by U+FFFD or `?`; and folded."""
    fates = draw(
        st.lists(st.sampled_from(["keep", "", "\ufffd", "\ufffd\ufffd", "?"]), min_size=1, max_size=8)
    )
    characters = [
        character if character.isascii() or (fate := fates[position % len(fates)]) == "keep" else fate
        for position, character in enumerate(subject)
    ]
    return "".join(characters).replace(" ", draw(st.sampled_from([" ", "  ", "\r\n ", "\t"])))


def instants() -> SearchStrategy[datetime | None]:
    """Few, so that several receipts fall into the same second."""
    return st.one_of(
        st.none(), st.integers(0, 3).map(lambda second: datetime(2026, 11, 23, 9, 30, second, tzinfo=UTC))
    )


def mail_of(heading: Heading, subject: str, code: str, text: str | None = None) -> Mail:
    """The mail of a receipt, as the API gives it."""
    written = f"{heading.words}: {subject} {code}"
    date = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    return Mail(PROVIDER, "acme@pec.example", date, written, text)


def receipts(code: str = "2026112310300042") -> SearchStrategy[Receipt]:
    """Receipts of one code: few recipients, few seconds, with and without their text."""
    return st.builds(
        _receipt, st.just(code), st.sampled_from(Kind), instants(), st.integers(0, 2), st.booleans()
    )


def _receipt(code: str, kind: Kind, date: datetime | None, recipient: int, with_text: bool) -> Receipt:
    named = (Named(f"r{recipient}@pec.example", None),) if with_text and recipient else ()
    final = recipient == 2 if with_text and kind is Kind.PREAVVISO else None
    text = f"text of {recipient}" if with_text else None
    return Receipt(kind, "Fattura", code, date, False, named, final, None, text, PROVIDER)


def a_mail(subject: str, sender: str = PROVIDER) -> Mail:
    return Mail(sender, "dev-api@pecmassiva.com", datetime(2020, 8, 26, 8, 0, 35, tzinfo=UTC), subject, None)


def kind_of(mail: Mail, code: str = CODE, subject: str | None = None) -> Kind | None:
    receipt = read(mail, code, subject)
    return receipt.kind if isinstance(receipt, Receipt) else None
