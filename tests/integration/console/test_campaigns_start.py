"""The start of a campaign in the console: once, at its time, and of what was checked."""

import re

import pytest

from pec.store import audit, records
from pec.store.store import Store
from producers import Producer
from tests.integration.console.campaigning import LIST, Clerk
from tests.integration.producing import TakeJobs, jobs_in


def test_refused_rows_keep_a_campaign_from_starting_until_they_are_left_out(
    clerk: Clerk, producer: Producer
) -> None:
    campaign = clerk.ready(LIST + "nessuno;Neri;103\n")
    assert clerk.start(campaign).headers["location"] == f"{campaign}/check"
    assert "alcune righe sono respinte" in clerk.browser.notice(f"{campaign}/check")

    clerk.browser.post(f"{campaign}/check", skip_invalid="1")
    clerk.done(f"{campaign}/check")
    assert "1 riga respinta è tralasciata" in clerk.browser.get(f"{campaign}/start").text
    clerk.start(campaign)
    clerk.sent(campaign)

    assert len([job for job in jobs_in(producer) if job["type"] == "send"]) == 2


def test_a_campaign_that_starts_is_in_redis_with_its_batch_and_in_the_audit(
    clerk: Clerk, producer: Producer, store: Store, take_jobs: TakeJobs
) -> None:
    campaign = clerk.ready()
    assert "Inviare 2 PEC?" in clerk.browser.get(f"{campaign}/start").text

    clerk.start(campaign)
    clerk.sent(campaign)
    take_jobs()

    assert records.batch_of(store, "avvisi")["size"] == "2"
    page = clerk.browser.get(f"{campaign}/progress").text
    assert re.search(r"Concluse</dt><dd>0 / 2<", page)
    acts = [(one["actor"], one["action"], one["object"]) for one in audit.entries(store)]
    assert ("user:anna", "campaign.start", "campaign:avvisi") in acts
    assert {"campaign.upload", "campaign.letter"} <= {action for _actor, action, _object in acts}


def test_a_start_that_is_pressed_twice_sends_once(clerk: Clerk, producer: Producer) -> None:
    campaign = clerk.ready()
    revision = re.search(r'name="revision" value="(\d+)"', clerk.browser.get(f"{campaign}/start").text)
    assert revision

    for _press in range(3):
        clerk.browser.post(f"{campaign}/start", revision=revision[1], when="")
    clerk.sent(campaign)

    assert len([job for job in jobs_in(producer) if job["type"] == "send"]) == 2


def test_a_campaign_starts_at_a_time(clerk: Clerk, producer: Producer) -> None:
    campaign = clerk.ready()
    assert "02/03/2027 09:30" in clerk.browser.get(f"{campaign}/start?at=2027-03-02T09:30").text

    clerk.start(campaign, when="2027-03-02T09:30")
    clerk.sent(campaign)

    sends = [job for job in jobs_in(producer) if job["type"] == "send"]
    assert {job["not_before"] for job in sends} == {"2027-03-02T08:30:00Z"}


@pytest.mark.parametrize("when", ["2020-01-01T09:00", "tomorrow", "2099-01-01T00:00"])
def test_a_time_that_can_t_be_is_refused(clerk: Clerk, producer: Producer, when: str) -> None:
    campaign = clerk.ready()

    answer = clerk.start(campaign, when=when)

    assert answer.headers["location"] == f"{campaign}/check"
    assert "Avvio" in clerk.browser.notice(f"{campaign}/check")
    assert jobs_in(producer) == []


def test_a_start_of_what_was_changed_after_the_question_is_refused(clerk: Clerk, producer: Producer) -> None:
    campaign = clerk.ready()
    old = re.search(r'name="revision" value="(\d+)"', clerk.browser.get(f"{campaign}/start").text)
    assert old
    clerk.write(campaign, subject="Altro {numero}")
    clerk.done(f"{campaign}/check")

    clerk.browser.post(f"{campaign}/start", revision=old[1], when="")

    assert "è cambiata dopo questa domanda" in clerk.browser.notice(f"{campaign}/check")
    assert jobs_in(producer) == []


def test_nothing_of_a_started_campaign_can_be_changed(clerk: Clerk, producer: Producer) -> None:
    campaign = clerk.ready()
    clerk.start(campaign)
    clerk.sent(campaign)
    before = jobs_in(producer)

    clerk.upload(f"{campaign}/sheet", "sheet", LIST, "altro.csv")
    clerk.browser.upload(f"{campaign}/letter", [("letter", ("", b""))], name="avvisi", text="altro")
    clerk.upload(f"{campaign}/files", "files", b"x", "x.pdf")
    clerk.browser.post(f"{campaign}/test", to="io@pec.example")
    clerk.browser.post(f"{campaign}/check", skip_invalid="1")
    clerk.browser.post(f"{campaign}/list", to_column="nome")

    assert jobs_in(producer) == before
    assert "è avviata" in clerk.browser.notice(f"{campaign}/progress")
