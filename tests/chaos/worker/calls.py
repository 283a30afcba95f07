"""The points of death around calls of the API."""

import json
from collections.abc import Callable
from typing import Any

from tests.chaos.worker.journal import hit, mine, note


def wrap() -> None:
    """In place, because others may have taken the class already."""
    from pec.api.client import InboxPage, Mail, Mailbox, PecClient
    from pec.api.transport import BeforeFirstByte, CheckOpen

    send, receipts, inbox = PecClient.send, PecClient.receipts, PecClient.inbox

    def sent(self: PecClient, mailbox: Mailbox, body: bytes, before_first_byte: BeforeFirstByte) -> str:
        recipients = json.loads(body)["recipient"]
        mine.message = recipients

        def before(check_open: CheckOpen) -> Callable[[], None] | None:
            first_byte_left = before_first_byte(check_open)
            token = mailbox.token.get_secret_value()
            note(first_byte=recipients, token=token)
            hit("claimed")
            mine.pieces = 1
            return first_byte_left

        try:
            code = send(self, mailbox, body, before)
        finally:
            mine.pieces = 0
        hit("answered")
        return code

    def received(self: PecClient, mailbox: Mailbox, code: str) -> list[Mail]:
        found = receipts(self, mailbox, code)
        hit("receipts-read")
        return found

    def looked_up(self: PecClient, *args: Any, **options: Any) -> InboxPage:
        found = inbox(self, *args, **options)
        hit("looked-up")
        return found

    PecClient.send, PecClient.receipts, PecClient.inbox = sent, received, looked_up  # type: ignore[method-assign]
