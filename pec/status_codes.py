"""Say what an enhanced status code of a receipt means: RFC 3463's, but for those that the rules of PEC redefine."""

from collections.abc import Mapping
from typing import Any

# By subject and detail, for 4.x.x and 5.x.x alike. Translations are found by these words.
MEANINGS = {
    "1.0": "the address is not valid",
    "1.1": "there is no such mailbox",
    "1.2": "the domain does not exist or takes no mail",
    "1.3": "the address is not written correctly",
    "1.4": "the address is ambiguous",
    "1.6": "the mailbox has moved",
    "1.7": "the sender's address is not written correctly",
    "1.8": "the sender's domain does not exist",
    "1.9": "the recipient's server can't take this kind of mail",
    "1.10": "the domain takes no mail",
    "2.0": "the mailbox has a problem",
    "2.1": "the mailbox is disabled",
    "2.2": "the mailbox is full",
    "2.3": "the message is too big for the mailbox",
    "2.4": "the mailing list can't be resolved",
    "3.0": "the recipient's mail system has a problem",
    "3.1": "the recipient's mail system is full",
    "3.2": "the recipient's mail system takes no messages now",
    "3.3": "the recipient's mail system lacks a function",
    "3.4": "the message is too big for the recipient's mail system",
    "3.5": "the recipient's mail system is misconfigured",
    "4.0": "the network has a problem",
    "4.1": "the recipient's server does not answer",
    "4.2": "the connection to the recipient's server broke",
    "4.3": "a directory server failed",
    "4.4": "there is no route to the recipient's server",
    "4.5": "the mail system is overloaded",
    "4.6": "the message goes round in a loop",
    "4.7": "time ran out",
    "5.0": "the servers did not understand each other",
    "5.1": "the servers did not understand each other",
    "5.2": "the servers did not understand each other",
    "5.3": "there are too many recipients",
    "5.4": "the servers did not understand each other",
    "5.5": "the servers did not understand each other",
    "6.0": "the content can't be handled",
    "6.1": "the kind of content is not supported",
    "6.2": "the content would have to be converted, which is forbidden",
    "6.3": "the content would have to be converted, which can't be done",
    "6.4": "the content was converted with losses",
    "6.5": "converting the content failed",
    "6.6": "the content is not available",
    "6.7": "an address with accents is not supported",
    "7.0": "a security rule forbids it",
    "7.1": "the recipient's provider does not allow it",
    "7.2": "the sender may not write to this mailing list",
    "7.3": "the message would need another protection",
    "7.4": "the protection of the message is not supported",
    "7.5": "encryption failed",
    "7.6": "the encryption is not supported",
    "7.7": "the message was altered on its way",
    "7.8": "the credentials were refused",
    "7.9": "the way of logging in is too weak",
    "7.13": "the account is disabled",
    "7.20": "the sender's domain could not be verified",
    "7.23": "the sender's domain could not be verified",
    "7.25": "the sender's server could not be verified",
    "7.26": "the sender's domain could not be verified",
    "7.27": "the sender's domain takes no mail",
    "7.28": "there are too many messages at once",
}
_OF_PEC = {"5.4.1": "time ran out", "5.5.1": "a virus was found"}
_OF_SUBJECT = {
    "0": "the provider names no cause",
    **{subject: MEANINGS[f"{subject}.0"] for subject in "1234567"},
}


def meaning_of(status: str) -> str:
    """Return what a code such as `5.2.2` means; of an unknown detail, what its subject means."""
    subject_and_detail = status.partition(".")[2]
    subject = subject_and_detail.partition(".")[0]
    known = _OF_PEC.get(status) or MEANINGS.get(subject_and_detail) or _OF_SUBJECT.get(subject)
    return known or "the provider names no cause"


def explained(description: str, details: Mapping[str, Any]) -> str:
    """Return a reason's description with what its status code means, which records of older versions lack."""
    status = details.get("error")
    meaning = meaning_of(status) if isinstance(status, str) else ""
    return description if meaning in description else f"{description}: {meaning}"
