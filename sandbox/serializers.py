"""How a mail is spelled in each answer: shape, dates, and addresses that lose their `<…>`."""

import re
from collections.abc import Callable
from email.utils import format_datetime
from urllib.parse import quote_plus

from pec.api.vendor_words import Shape
from pec.api.wire import InboxSearch, InboxSingle, LiveStatus, ResponseStatus, status
from sandbox.mail import Mail

_ANGLED = re.compile(r"<[^>]*>")


def live_status(mail: Mail) -> LiveStatus | ResponseStatus:
    sender, recipient = _stripped(mail.sender), _stripped(mail.recipient)
    return _status(Shape.LIVE, mail, sender, recipient)


def documented_status(mail: Mail) -> LiveStatus | ResponseStatus:
    return _status(Shape.DOCUMENTED, mail, mail.sender, mail.recipient)


def _status(shape: Shape, mail: Mail, sender: str, recipient: str) -> LiveStatus | ResponseStatus:
    return status(
        shape, sender=sender, recipient=recipient, date=_date(mail), subject=mail.subject, text=mail.text
    )


STATUS_OF: dict[Shape, Callable[[Mail], ResponseStatus | LiveStatus]] = {
    Shape.LIVE: live_status,
    Shape.DOCUMENTED: documented_status,
}


def inbox_item(id_: int, mail: Mail) -> InboxSearch:
    return InboxSearch(
        sender=_stripped(mail.sender),
        recipient=_stripped(mail.recipient),
        date=_date(mail),
        object=mail.subject,
        id=id_,
    )


def inbox_single(mail: Mail) -> InboxSingle:
    """Return one mail, with its body in x-www-form-urlencoded."""
    return InboxSingle(
        sender=_stripped(mail.sender),
        recipient=_stripped(mail.recipient),
        date=_date(mail),
        object=mail.subject,
        body=quote_plus(mail.text),
    )


def _date(mail: Mail) -> str:
    """Return the date as `Wed, 26 Aug 2020 10:00:35 +0200`, in local time."""
    return format_datetime(mail.at.in_rome())


def _stripped(address: str) -> str:
    return _ANGLED.sub("", address)
