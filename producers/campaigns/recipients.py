"""Which column holds the recipients: judged by the words of its name, and by whether its values are addresses. Pure."""

import unicodedata
from collections.abc import Iterable, Sequence

from config.texts import _
from producers.campaigns.errors import Unusable
from producers.campaigns.pec_names import ADDRESS, OURS, Certified, certified, words_of
from producers.campaigns.written_address import address_in

_MAX_SHOWN = 5  # columns in a question

_RECIPIENT = (  # a name of an earlier line is taken before one of a later
    ("recipient", "destinatario", "to"),
    ("email", "e-mail", "mail", "indirizzo e-mail", "indirizzo email", "indirizzo mail"),
)
_TO = frozenset({"destinatario", "destinatari", "recipient"})


class Tally:
    """How many values a column has, how many are addresses, and how many are meant to be."""

    def __init__(self, width: int, rows: Iterable[Sequence[str]] = ()) -> None:
        self._filled, self._meant, self._addresses = [0] * width, [0] * width, [0] * width
        for cells in rows:
            for place, value in enumerate(cells[:width]):
                self._filled[place] += bool(value)
                if "@" in value:
                    self._meant[place] += 1
                    self._addresses[place] += ADDRESS.fullmatch(address_in(value)) is not None

    def has_addresses(self, place: int) -> bool:
        """Return whether any value is an address, even a mistyped one."""
        return self._meant[place] > 0

    def has_an_address(self, place: int) -> bool:
        """Return whether any value is an address and nothing else."""
        return self._addresses[place] > 0

    def is_of_addresses(self, place: int) -> bool:
        """Return whether most values are addresses."""
        return self._addresses[place] * 2 > self._filled[place]


def is_usual(name: str) -> bool:
    """Return whether a column of this name is the recipient's without a question."""
    return certified(name) is Certified.YES or any(_plain(name) in names for names in _RECIPIENT)


def needs_every_row(header: Sequence[str], first_rows: Tally) -> bool:
    """Return whether addresses further down could change the choice."""
    named = [place for place, name in enumerate(header) if certified(name) is Certified.YES]
    return not all(map(first_rows.has_addresses, named))


def recipient_column(header: Sequence[str], tally: Tally) -> int | None:
    """Return the position of the recipient's column, None if no name is usual. Raise Unusable if several are."""
    pec = [place for place, name in enumerate(header) if _is_pec(name, place, tally)]
    if pec:
        return _of_pec(header, pec, tally)
    for names in _RECIPIENT:
        usual = [place for place, name in enumerate(header) if _plain(name) in names]
        if found := [place for place in usual if tally.has_addresses(place)]:
            others = _unnamed(header, tally) if names is _RECIPIENT[-1] else []
            perhaps = _perhaps_of_pec(header, tally)
            return _only(header, list(dict.fromkeys([*found, *others, *perhaps])))
    named = [place for names in _RECIPIENT for place, name in enumerate(header) if _plain(name) in names]
    return named[0] if named else None


def columns_of_addresses(header: Sequence[str], tally: Tally) -> list[str]:
    """Return the names of columns whose values are addresses, without the sender's."""
    return [header[place] for place in _of_addresses(header, tally)]


def _is_pec(name: str, place: int, tally: Tally) -> bool:
    says = certified(name)
    return says is Certified.YES or (says is Certified.PERHAPS and tally.is_of_addresses(place))


def _perhaps_of_pec(header: Sequence[str], tally: Tally) -> list[int]:
    """Return the columns that, by their name, hold some PEC addresses, such as `Codice SDI / PEC`."""
    return [
        place
        for place, name in enumerate(header)
        if certified(name) is Certified.PERHAPS and tally.has_an_address(place)
    ]


def _of_pec(header: Sequence[str], pec: list[int], tally: Tally) -> int:
    filled = [place for place in pec if tally.has_addresses(place)]
    others = [place for place in _of_addresses(header, tally) if place not in pec]
    if not filled and others:
        raise Unusable(
            _(
                "no address is in {name}, the column of PEC by its name, and addresses are in {names}: "
                "choose with --to-column"
            ).format(name=_listed(header, pec), names=_listed(header, others))
        )
    addressed = [place for place in filled if words_of(header[place]) & _TO]
    return _only(header, addressed if len(addressed) == 1 else filled or pec)


def _only(header: Sequence[str], places: Sequence[int]) -> int:
    if len(places) > 1:
        raise Unusable(
            _("several columns may be meant ({names}): choose with --to-column").format(
                names=_listed(header, places)
            )
        )
    return places[0]


def _unnamed(header: Sequence[str], tally: Tally) -> list[int]:
    usual = [name for names in _RECIPIENT for name in names]
    return [place for place in _of_addresses(header, tally) if _plain(header[place]) not in usual]


def _of_addresses(header: Sequence[str], tally: Tally) -> list[int]:
    return [
        place
        for place, name in enumerate(header)
        if name and tally.is_of_addresses(place) and not words_of(name) & OURS
    ]


def _listed(header: Sequence[str], places: Sequence[int]) -> str:
    return ", ".join(header[place] for place in places[:_MAX_SHOWN])


def _plain(name: str) -> str:
    folded = " ".join(unicodedata.normalize("NFC", name).split()).casefold()
    return folded.replace("_", " ")
