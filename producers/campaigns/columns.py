"""The roles of a file's columns: recipient, attachments, id; the others are for the templates. Pure."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from config.texts import _
from producers.campaigns.errors import Misused, Unusable
from producers.campaigns.recipients import Tally, columns_of_addresses, recipient_column

BATCH = "pec-batch"  # in files of refused rows: the batch that they belong to
ERRORS = ("errors", "errori")  # in files of refused rows: what was wrong; the second is its Italian name
MADE_ID = "pec-id"  # in files of refused rows: the id that was made, if the file has none of its own
_ATTACHMENTS = (("allegati", "allegato", "attachments", "attachment"),)
_LIKE_ATTACHMENTS = ("allegat", "attach")
_ID = (("id",),)


@dataclass(frozen=True, slots=True)
class Columns:
    """The header, and which of its columns (by position) have a purpose.

    `spare_id` is the column that is usual for ids, if it is turned off or another one was named.
    """

    header: tuple[str, ...]
    recipient: int
    attachments: tuple[int, ...] = ()
    id: int | None = None
    spare_id: int | None = None
    batch: int | None = None

    @property
    def positions(self) -> dict[str, int]:
        return positions(self.header)


def fold(name: str) -> str:
    """Return the same text for names that are the same to a person."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def positions(header: Sequence[str]) -> dict[str, int]:
    """Return the position of each named column, by its folded name."""
    return {fold(name): place for place, name in enumerate(header) if name}


def listed(header: Iterable[str]) -> str:
    return ", ".join(name for name in header if name)


def suggestion(name: str, header: Sequence[str]) -> str:
    """Return ` (did you mean Nome?)`, or an empty text."""
    known = {fold(one): one for one in header if one}
    near = get_close_matches(fold(name), known, n=1)
    return _(" (did you mean {name}?)").format(name=known[near[0]]) if near else ""


def columns_of(
    header: Sequence[str],
    recipient: str | None = None,
    attachments: Sequence[str] | None = (),
    own_id: str | None = None,
    tally: Tally | None = None,
) -> Columns:
    """Return the purposes of the columns, by the names that were given or are usual. Raise Unusable and Misused.

    `tally` counts the values. An empty `own_id` turns off the column that is usual for ids, and `attachments` of
    None the one that is usual for files.
    """
    _check(header)
    tally = tally or Tally(len(header))
    known = positions(header)
    id_place, usual_id = _id(header, own_id), _usual(header, _ID, "--id-column")
    return Columns(
        header=tuple(header),
        recipient=_named(header, "--to-column", recipient) if recipient else _recipient(header, tally),
        attachments=() if attachments is None else _files(header, attachments),
        id=id_place,
        spare_id=usual_id if usual_id != id_place else None,
        batch=known.get(BATCH),
    )


def _check(header: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for name in filter(None, header):
        if fold(name) in seen:
            raise Unusable(_("two columns are called {name}: give each a name of its own").format(name=name))
        seen[fold(name)] = name


def _named(header: Sequence[str], option: str, name: str) -> int:
    place = positions(header).get(fold(name))
    if place is None:
        near = suggestion(name, header)
        raise Misused(
            _("{option}: no column is called {name}{hint}; the columns are: {names}").format(
                option=option, name=name, hint=near, names=listed(header)
            )
        )
    return place


def _recipient(header: Sequence[str], tally: Tally) -> int:
    found = recipient_column(header, tally)
    if found is not None:
        return found
    if any("@" in name for name in header):
        raise Unusable(_("the first line holds an address, no column names: put a line of names above it"))
    near = ", ".join(columns_of_addresses(header, tally))
    hint = _(" (addresses are in {names})").format(names=near) if near else ""
    found_none = _(
        "no column is named as the recipient's (PEC, destinatario, …): "
        "name it with --to-column{hint}; the columns are: {names}"
    ).format(hint=hint, names=listed(header))
    if near:
        raise Unusable(found_none)
    raise Unusable(
        _("{sentence}. If this is a title, delete all lines above the column names").format(
            sentence=found_none
        )
    )


def _id(header: Sequence[str], own_id: str | None) -> int | None:
    made = positions(header).get(MADE_ID)
    if made is not None or own_id == "":
        return made
    return _named(header, "--id-column", own_id) if own_id else _usual(header, _ID, "--id-column")


def _files(header: Sequence[str], named: Sequence[str]) -> tuple[int, ...]:
    return tuple(_named(header, "--attach-column", one) for one in named) or _attachments(header)


def _attachments(header: Sequence[str]) -> tuple[int, ...]:
    found = _usual(header, _ATTACHMENTS, "--attach-column")
    if found is not None:
        return (found,)
    if alike := [name for name in header if fold(name).startswith(_LIKE_ATTACHMENTS)]:
        raise Unusable(
            _("name the columns of attachments with --attach-column: is it {name}?").format(
                name=", ".join(alike)
            )
        )
    return ()


def _usual(header: Sequence[str], usual: Sequence[Sequence[str]], option: str) -> int | None:
    for names in usual:
        found = [place for place, name in enumerate(header) if fold(name).replace("_", " ") in names]
        if len(found) > 1:
            which = ", ".join(header[place] for place in found)
            raise Unusable(
                _("several columns may be meant ({names}): choose with {option}").format(
                    names=which, option=option
                )
            )
        if found:
            return found[0]
    return None
