"""A short campaign on hosts in network namespaces: no harm is done while links fail."""

from pathlib import Path

import pytest

from tests.hosts.network import CannotMakeHosts
from tests.hosts.trial import run


@pytest.mark.timeout(400)  # a cut takes 10 s, and what it did to receipts and webhooks some more
def test_no_harm_is_done_while_the_links_of_hosts_fail(tmp_path: Path) -> None:
    """Needs root, network namespaces and iptables. Elsewhere it is skipped with the reason."""
    try:
        found = run(tmp_path, messages=40, count=3, seed=3)
    except CannotMakeHosts as why:
        pytest.skip(str(why))

    assert found.is_harmless, found.harms
    assert found.messages == 40
    assert sum(found.cuts.values()) == 3
