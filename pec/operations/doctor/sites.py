"""Whether the sites of PEC_SITES are apart from each other. A site out of reach is no fault here."""

from collections.abc import Iterator, Sequence

from config.settings import Settings
from config.texts import _, ngettext
from pec.operations.status.findings import Finding, Mark
from pec.operations.status.sites import SiteOverview, load_sites, shared_tokens


def site_checks(settings: Settings) -> Iterator[Finding]:
    """Check that no two sites send with the same token, and that each site serves its accounts."""
    return site_findings(load_sites(settings))


def site_findings(found: Sequence[SiteOverview]) -> Iterator[Finding]:
    """Yield what is wrong between these sites."""
    for names in shared_tokens(found):
        yield Finding(
            Mark.WARN,
            _("the sites {names} send with the same token, each at its full pace").format(
                names=", ".join(names)
            ),
            _("give each site a token of its own, or make them one site"),
        )
    for one in found:
        if one.overview and one.unserved:
            what = ngettext(
                "site {site}: no live worker serves the account {names}",
                "site {site}: no live worker serves the accounts {names}",
                len(one.unserved),
            ).format(site=one.name, names=", ".join(one.unserved))
            yield Finding(Mark.WARN, what, _("start a worker there with its settings, or correct PEC_SITES"))
