"""A mailbox of Dovecot for each test, read by IMAP."""

import pytest

from tests.integration.workers.imap_mailbox import Mailbox, MakeMailbox


@pytest.fixture
def mailbox(mailbox_with: MakeMailbox) -> Mailbox:
    return mailbox_with()
