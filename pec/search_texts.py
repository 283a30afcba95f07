"""Words for people about a search of the mailbox: what it showed, or why it proves nothing. Pure."""

from config.texts import Text, _, ngettext
from pec.reasons import describe
from pec.searches import Search

_WHY = {
    "mailbox_full": _("the mailbox was full: receipts would have found no room"),
    "too_many_mails": _("the search found more mails than can be read"),
    "unreadable_mails": _("the search found mails in a form that can't be read"),
}


def explain_search(search: Search) -> Text:
    """Return what the search showed."""
    if search.result in _WHY:
        return _WHY[search.result]
    if not search.proves:
        return _("the mailbox could not be read: {why}").format(why=describe(search.result, {}))
    if not search.mails:
        return _("the search found no mail")
    return ngettext(
        "the search found {count} mail, which is no receipt of this message",
        "the search found {count} mails, none of which is a receipt of this message",
        search.mails,
    ).format(count=search.mails)
