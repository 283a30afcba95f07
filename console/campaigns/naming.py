"""The name of a campaign, which is its batch: new among campaigns and in Redis, so that no two are taken for one."""

import re
from itertools import count
from pathlib import Path

from config.texts import _
from console.campaigns.shelf import Shelf
from pec.operations.batch_state import is_known
from pec.operations.refusals import Refused
from pec.operations.session import Session
from producers.campaigns.naming import batch_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def free_name(session: Session, shelf: Shelf, sheet: str) -> str:
    """Return a name for the campaign of this file that no other has."""
    base = batch_of(Path(sheet).stem)[:90].rstrip("-._")
    others = {one.batch for one in shelf.all()}
    candidates = (base if number == 1 else f"{base}-{number}" for number in count(1))
    return next(one for one in candidates if one not in others and not is_known(session.store, one))


def check_name(session: Session, shelf: Shelf, name: str, campaign: str) -> None:
    """Raise Refused for a name that is no batch's, or that another campaign has."""
    if not _NAME.fullmatch(name):
        raise Refused(
            "bad_name",
            _(
                "Name of the campaign: write letters without accents, digits, dots and hyphens, "
                "at most 100, as in avvisi-2026"
            ),
        )
    if is_known(session.store, name) or any(one.batch == name and one.id != campaign for one in shelf.all()):
        raise Refused(
            "name_used",
            _(
                "Name of the campaign: {name} is used already, and its PEC would be mixed: choose another"
            ).format(name=name),
        )
