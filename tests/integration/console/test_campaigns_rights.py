"""Whose campaigns a person sees and acts on: every address, for each role, for another clerk, for another mailbox."""

import re
from collections.abc import Callable

import pytest
from fastapi.routing import APIRoute

from console.pages import ROUTERS
from pec.store import audit
from pec.store.store import Store
from pec.users import Role
from producers import Producer
from tests.integration.console.campaigning import Clerk
from tests.integration.producing import jobs_in

Office = Callable[..., Clerk]


def routes(method: str) -> list[str]:
    """Return the paths below one campaign that take this method."""
    found = {
        route.path
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and method in (route.methods or ())
    }
    return sorted(path for path in found if path.startswith("/campaigns/{campaign}"))


def at(campaign: str, path: str) -> str:
    """Return the path of a route for this campaign."""
    return re.sub(r"\{\w+\}", "1", path.replace("/campaigns/{campaign}", campaign))


def test_there_are_routes() -> None:
    assert len(routes("GET")) > 10
    assert len(routes("POST")) > 10


def test_a_viewer_opens_nothing_and_sends_nothing(office: Office, producer: Producer) -> None:
    campaign = office("anna").ready()
    viewer = office("vito", Role.VIEWER).browser

    shown = {path: viewer.get(at(campaign, path)).status_code for path in routes("GET")}
    done = {path: viewer.post(at(campaign, path)).status_code for path in routes("POST")}

    assert set(shown.values()) == set(done.values()) == {403}
    assert viewer.get("/campaigns").status_code == viewer.get("/campaigns/new").status_code == 403
    assert viewer.upload("/campaigns", [("sheet", ("a.csv", b"PEC\na@pec.example\n"))]).status_code == 403
    assert "/campaigns" not in viewer.get("/").text
    assert jobs_in(producer) == []


@pytest.mark.parametrize("other", ["clerk", "operator of another mailbox"])
def test_another_person_s_campaign_does_not_exist(office: Office, producer: Producer, other: str) -> None:
    campaign = office("anna").ready()
    eve = (office("eva") if other == "clerk" else office("eva", Role.OPERATOR, ("beta",))).browser

    shown = {path: eve.get(at(campaign, path)).status_code for path in routes("GET")}
    done = {path: eve.post(at(campaign, path)).status_code for path in routes("POST")}

    assert set(shown.values()) == set(done.values()) == {404}
    assert campaign not in eve.get("/campaigns").text
    assert jobs_in(producer) == []
    assert office("anna2", Role.OPERATOR).browser.get(f"{campaign}/list").status_code == 200


def test_a_draft_without_a_sender_is_seen_by_its_owner_and_by_who_sees_everything(office: Office) -> None:
    campaign = office("anna").begin()

    assert office("part", Role.OPERATOR, ("acme",)).browser.get(f"{campaign}/list").status_code == 404
    assert office("whole", Role.OPERATOR).browser.get(f"{campaign}/list").status_code == 200


def test_a_clerk_sends_from_allowed_mailboxes_only(office: Office, producer: Producer) -> None:
    clerk = office("bea", accounts=("beta",))
    campaign = clerk.begin()
    clerk.done(f"{campaign}/list")
    assert 'value="acme"' not in clerk.browser.get(f"{campaign}/letter").text

    clerk.write(campaign, account="acme")

    assert "Mittente" in clerk.browser.notice(f"{campaign}/letter")
    assert clerk.start(campaign).headers["location"] == f"{campaign}/check"
    assert jobs_in(producer) == []


def test_a_clerk_who_may_no_longer_use_the_mailbox_starts_nothing(
    office: Office, producer: Producer, store: Store
) -> None:
    clerk = office("bea", accounts=("acme", "beta"))
    campaign = clerk.ready()
    store.client.hset(store.keys.users, "bea", '{"role":"clerk","accounts":["beta"]}')

    assert clerk.browser.post(f"{campaign}/start", revision="2", when="").status_code == 404
    assert jobs_in(producer) == []


@pytest.mark.parametrize("name", ["0" * 16, "..", "%2e%2e", "x", "campaign.json", "A" * 16])
def test_a_name_that_is_no_campaign_s_does_not_exist(office: Office, name: str) -> None:
    assert office("anna").browser.get(f"/campaigns/{name}/list").status_code == 404


def test_each_act_is_in_the_audit_with_its_person(office: Office, store: Store) -> None:
    clerk = office("anna")
    campaign = clerk.ready()
    clerk.browser.post(f"{campaign}/test", to="io@pec.example", row="2")
    clerk.browser.post(f"{campaign}/check", skip_invalid="1")
    clerk.browser.post(f"{campaign}/delete")

    acts = [(one["actor"], one["action"]) for one in audit.entries(store)]

    assert [action for actor, action in acts if actor == "user:anna"] == [
        "campaign.upload",
        "campaign.letter",
        "campaign.test",
        "campaign.choices",
        "campaign.delete",
    ]
