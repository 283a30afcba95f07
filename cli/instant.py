"""An instant as the type of an option: RFC 3339 with its offset, so that it means the same on every machine."""

from datetime import datetime
from typing import Any

import click

from config.texts import _


class _Instant(click.ParamType[datetime]):
    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.fail(_("write it with an offset, such as 2027-11-23T00:00:00+01:00"), param, ctx)
        return found


INSTANT = _Instant()
