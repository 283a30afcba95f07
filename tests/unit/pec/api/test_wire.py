"""The vendor's description holds for both ends: what the client sends, and what it reads."""

import pytest
from pydantic import SecretStr, ValidationError

from pec.api import answers, wire
from pec.api.client import Attachment, Mailbox, Outgoing, encode

MAILBOX = Mailbox("me@pec.example", "user", SecretStr("p"), SecretStr("token"))


def test_what_the_client_sends_is_what_the_description_allows() -> None:
    files = (Attachment("a.pdf", b"\x00\xff"), Attachment("b.pdf", b"x"))
    recipients = ("a@pec.example", "b@pec.example")

    read = wire.SendRequest.model_validate_json(
        encode(Outgoing("me@pec.example", recipients, "Città", "<b>è</b>", files), MAILBOX)
    )

    assert (read.sender, read.recipient, read.subject, read.body) == (
        *("me@pec.example", recipients),
        *("Città", "<b>è</b>"),
    )
    assert [(one.name, one.file) for one in read.attachments] == [(one.name, one.content) for one in files]
    assert (read.username, read.password.get_secret_value()) == ("user", "p")


@pytest.mark.parametrize(
    "fault", ['"sender":"me"', '"recipient":[]', '"subject":"a\\nb"', '"attachments":{"name":""}']
)
def test_what_the_description_forbids_is_refused(fault: str) -> None:
    good = encode(Outgoing("me@pec.example", ("a@pec.example",), "s", "b"), MAILBOX).decode()

    wire.SendRequest.model_validate_json(good)
    with pytest.raises(ValidationError):
        wire.SendRequest.model_validate_json(f"{good[:-1]},{fault}}}")


def test_the_client_reads_every_answer_of_the_description() -> None:
    fields = {
        "sender": "a@pec.example",
        "recipient": "b@pec.example",
        "date": "Wed, 26 Aug 2020 10:00:35 +0200",
    }
    documented = wire.ResponseStatus(data=fields["date"], object="s", message="t", **fields)
    live = wire.LiveStatus(subject="s", body="t", **fields)
    statuses = wire.Statuses(data=[documented, live])
    page = wire.InboxPage(data=[wire.InboxSearch(object="s", id=3, **fields)], page=1, total=1, n_of_pages=1)
    message = wire.InboxMessage(data=wire.InboxSingle(object="s", body="t", **fields))
    quota = wire.Quota(data=wire.QuotaResponse(usage=1, limit=2))

    as_live = answers.mail(live.model_dump())
    assert answers.mails(statuses.model_dump()) == [as_live, as_live]
    assert answers.inbox_page(page.model_dump()).mails[0][0] == 3
    assert answers.inbox_mail(message.model_dump()) == as_live
    assert answers.quota(quota.model_dump()) == answers.Quota(1, 2)
