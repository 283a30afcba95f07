"""Sites that can't be used: each fault names its setting, and shows no password."""

from typing import Any

import pytest

from producers import SiteProducers


@pytest.mark.parametrize(
    ("sites", "words"),
    [
        (
            {"nord": {"redis_url": "http://pec:s3cret@h", "accounts": ["acme"]}},
            "PEC_SITES__NORD__REDIS_URL: must be",
        ),
        ({"nord": {"accounts": ["acme"]}}, "PEC_SITES__NORD__REDIS_URL: is missing"),
        ({"nord": {"redis_url": "redis://pec:s3cret@h"}}, "PEC_SITES__NORD__ACCOUNTS: is missing"),
        ([], "PEC_SITES: must be a JSON object"),
    ],
)
def test_sites_that_can_t_be_used_are_refused_by_the_names_of_their_settings(sites: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        SiteProducers(sites)

    assert "s3cret" not in str(refused.value)
    assert "pydantic" not in str(refused.value)
