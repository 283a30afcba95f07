"""Say what an enhanced status code of a receipt means: RFC 3463's, but for those that the rules of PEC redefine."""

from collections.abc import Mapping
from typing import Any

from config.texts import _, joined

# By subject and detail, for 4.x.x and 5.x.x alike.
MEANINGS = {
    "1.0": _("the address is not valid"),
    "1.1": _("there is no such mailbox"),
    "1.2": _("the domain does not exist or takes no mail"),
    "1.3": _("the address is not written correctly"),
    "1.4": _("the address is ambiguous"),
    "1.6": _("the mailbox has moved"),
    "1.7": _("the sender's address is not written correctly"),
    "1.8": _("the sender's domain does not exist"),
    "1.9": _("the recipient's server can't take this kind of mail"),
    "1.10": _("the domain takes no mail"),
    "2.0": _("the mailbox has a problem"),
    "2.1": _("the mailbox is disabled"),
    "2.2": _("the mailbox is full"),
    "2.3": _("the message is too big for the mailbox"),
    "2.4": _("the mailing list can't be resolved"),
    "3.0": _("the recipient's mail system has a problem"),
    "3.1": _("the recipient's mail system is full"),
    "3.2": _("the recipient's mail system takes no messages now"),
    "3.3": _("the recipient's mail system lacks a function"),
    "3.4": _("the message is too big for the recipient's mail system"),
    "3.5": _("the recipient's mail system is misconfigured"),
    "4.0": _("the network has a problem"),
    "4.1": _("the recipient's server does not answer"),
    "4.2": _("the connection to the recipient's server broke"),
    "4.3": _("a directory server failed"),
    "4.4": _("there is no route to the recipient's server"),
    "4.5": _("the mail system is overloaded"),
    "4.6": _("the message goes round in a loop"),
    "4.7": _("time ran out"),
    "5.0": _("the servers did not understand each other"),
    "5.1": _("the servers did not understand each other"),
    "5.2": _("the servers did not understand each other"),
    "5.3": _("there are too many recipients"),
    "5.4": _("the servers did not understand each other"),
    "5.5": _("the servers did not understand each other"),
    "6.0": _("the content can't be handled"),
    "6.1": _("the kind of content is not supported"),
    "6.2": _("the content would have to be converted, which is forbidden"),
    "6.3": _("the content would have to be converted, which can't be done"),
    "6.4": _("the content was converted with losses"),
    "6.5": _("converting the content failed"),
    "6.6": _("the content is not available"),
    "6.7": _("an address with accents is not supported"),
    "7.0": _("a security rule forbids it"),
    "7.1": _("the recipient's provider does not allow it"),
    "7.2": _("the sender may not write to this mailing list"),
    "7.3": _("the message would need another protection"),
    "7.4": _("the protection of the message is not supported"),
    "7.5": _("encryption failed"),
    "7.6": _("the encryption is not supported"),
    "7.7": _("the message was altered on its way"),
    "7.8": _("the credentials were refused"),
    "7.9": _("the way of logging in is too weak"),
    "7.13": _("the account is disabled"),
    "7.20": _("the sender's domain could not be verified"),
    "7.23": _("the sender's domain could not be verified"),
    "7.25": _("the sender's server could not be verified"),
    "7.26": _("the sender's domain could not be verified"),
    "7.27": _("the sender's domain takes no mail"),
    "7.28": _("there are too many messages at once"),
}
_OF_PEC = {"5.4.1": _("time ran out"), "5.5.1": _("a virus was found")}
_OF_SUBJECT = {
    "0": _("the provider names no cause"),
    **{subject: MEANINGS[f"{subject}.0"] for subject in "1234567"},
}


def meaning_of(status: str) -> str:
    """Return what a code such as `5.2.2` means; of an unknown detail, what its subject means."""
    subject_and_detail = status.partition(".")[2]
    subject = subject_and_detail.partition(".")[0]
    known = _OF_PEC.get(status) or MEANINGS.get(subject_and_detail) or _OF_SUBJECT.get(subject)
    return known or _("the provider names no cause")


def explained(description: str, details: Mapping[str, Any]) -> str:
    """Return a reason's description with what its status code means, which records of older versions lack."""
    status = details.get("error")
    meaning = meaning_of(status) if isinstance(status, str) else ""
    return description if meaning in description else joined(": ", (description, meaning))
