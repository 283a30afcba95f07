"""The table of `pec status --sites`, and below it what needs a person."""

from collections.abc import Iterator

from cli import output
from cli.errors import Exit, Failure
from config.settings import Settings, SettingsError
from config.texts import _, joined
from pec.names import State
from pec.operations.doctor.sites import site_findings
from pec.operations.status.overview_warnings import warnings
from pec.operations.status.sites import SiteOverview, load_sites, sites_dict

_COLUMNS = (
    _("SITE"),
    _("ACCOUNTS"),
    _("WORKERS"),
    _("WAITING"),
    _("SENT TODAY"),
    _("UNCERTAIN"),
    _("HELD"),
    _("DELIVERED"),
)
_TOTAL = _("all")


def show(settings: Settings, *, as_json: bool) -> None:
    """Print a line for each site, or one object. Raise SettingsError without sites, Failure if one is out of reach."""
    if not settings.sites:
        raise SettingsError(_("PEC_SITES: is not set: name the sites in it, or leave out --sites"))
    found = load_sites(settings)
    if as_json:
        output.data(sites_dict(found))
    else:
        output.table(_COLUMNS, [*map(_row, found), _total(found)])
        for line in _warnings(found):
            output.note(line)
    problems = [one.problem for one in found if one.problem]
    if problems:
        raise Failure(joined("\n", problems), Exit.UNREACHABLE)


def _row(one: SiteOverview) -> tuple[object, ...]:
    if one.overview is None:
        return one.name, len(one.site.accounts), _("out of reach"), *[None] * 5
    counts = [one.overview.messages[state] for state in (State.UNCERTAIN, State.HELD, State.DELIVERED)]
    return (
        one.name,
        len(one.site.accounts),
        len(one.overview.workers),
        one.waiting,
        one.sent_today,
        *counts,
    )


def _total(found: list[SiteOverview]) -> tuple[object, ...]:
    rows = [_row(one)[1:] for one in found]
    sums = [sum(cell for cell in column if isinstance(cell, int)) for column in zip(*rows, strict=True)]
    return (_TOTAL, *sums)


def _warnings(found: list[SiteOverview]) -> Iterator[str]:
    for finding in site_findings(found):
        yield joined(": ", (finding.what, finding.remedy))
    for one in found:
        for line in warnings(one.overview) if one.overview else ():
            yield joined(": ", (_("site {site}").format(site=one.name), line))
