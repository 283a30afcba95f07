"""A mailbox shows what is due, knows mails by position, and loses what it has no room for."""

import pytest

from sandbox.clock import Instant
from sandbox.folders import INBOX
from sandbox.mail import Mail
from sandbox.mailbox import Mailbox, Rule
from sandbox.paging import Paging, number_of_pages


def at(seconds: float) -> Instant:
    return Instant(seconds, seconds)


def mail(subject: str, due: float = 0, size_bytes: int = 1) -> Mail:
    return Mail("a@x", "b@x", at(due), subject, "text", size_bytes)


def filled(*mails: Mail, quota_bytes: int = 100) -> Mailbox:
    mailbox = Mailbox(quota_bytes)
    for one in mails:
        mailbox.expect(one)
    return mailbox


def subjects(mailbox: Mailbox, now: float = 0, text: str = "") -> list[str]:
    return [found.subject for _, found in mailbox.search(text, at(now))]


def test_a_mail_appears_when_it_is_due_and_stands_in_order_of_arrival() -> None:
    mailbox = filled(mail("late", due=9), mail("early", due=3))

    assert subjects(mailbox, now=2.9) == []
    assert subjects(mailbox, now=3) == ["early"]
    assert subjects(mailbox, now=9) == ["early", "late"]


def test_mails_due_at_once_arrive_as_they_were_written() -> None:
    assert subjects(filled(*(mail(name) for name in "cab"))) == ["c", "a", "b"]


def test_a_search_is_for_a_part_of_the_subject_in_any_case() -> None:
    mailbox = filled(mail("CONSEGNA: x 12"), mail("consegna: y 123"), mail("z"))

    assert subjects(mailbox, text="Consegna") == ["CONSEGNA: x 12", "consegna: y 123"]
    assert subjects(mailbox, text="12") == ["CONSEGNA: x 12", "consegna: y 123"]
    assert subjects(mailbox, text="123") == ["consegna: y 123"]


def test_ids_are_positions_and_shift_when_one_before_goes() -> None:
    mailbox = filled(mail("a"), mail("b"), mail("c"))

    mailbox.delete(2, at(0))

    assert [(id_, found.subject) for id_, found in mailbox.search("", at(0))] == [(1, "a"), (2, "c")]
    second = mailbox.get(2, at(0))
    assert second
    assert second.subject == "c"


@pytest.mark.parametrize("id_", [-1, 0, 2])
def test_an_id_that_is_no_position_is_nothing(id_: int) -> None:
    mailbox = filled(mail("a"))

    mailbox.delete(id_, at(0))

    assert mailbox.get(id_, at(0)) is None
    assert subjects(mailbox) == ["a"]


def test_deleting_what_matches_reports_how_many_and_spares_what_is_not_yet_due() -> None:
    mailbox = filled(mail("x 1"), mail("y"), mail("x 2", due=5))

    assert mailbox.delete_matching("x", at(0)) == 1
    assert mailbox.delete_matching("x", at(0)) == 0
    assert subjects(mailbox, now=5) == ["y", "x 2"]


def test_what_exceeds_the_quota_is_lost_but_a_smaller_one_still_fits() -> None:
    mailbox = filled(mail("60", size_bytes=60), mail("41", size_bytes=41), mail("40", size_bytes=40))

    assert subjects(mailbox) == ["60", "40"]
    assert mailbox.used_bytes(at(0)) == 100


def test_deleting_makes_room_for_what_comes_later() -> None:
    mailbox = filled(mail("first", size_bytes=100), mail("second", due=5, size_bytes=100))

    mailbox.delete_matching("first", at(4))
    assert mailbox.used_bytes(at(4)) == 0
    assert subjects(mailbox, now=5) == ["second"]
    mailbox.delete(1, at(5))
    assert mailbox.used_bytes(at(5)) == 0


def uids(mailbox: Mailbox, folder: str = INBOX, now: float = 0) -> list[int]:
    with mailbox.folders(at(now)) as folders:
        return folders[folder].uids()


def test_numbers_grow_with_arrivals_and_are_never_given_again() -> None:
    mailbox = filled(mail("a"), mail("b"), mail("c", due=5))

    assert uids(mailbox) == [1, 2]
    mailbox.expunge(INBOX, [2, 7], at(0))
    assert uids(mailbox, now=5) == [1, 3]
    assert subjects(mailbox, now=5) == ["a", "c"]
    assert mailbox.used_bytes(at(5)) == 2


def test_what_the_api_deletes_has_no_number_any_more() -> None:
    mailbox = filled(mail("a"), mail("b"), mail("c"))

    mailbox.delete(1, at(0))
    mailbox.delete_matching("c", at(0))

    assert uids(mailbox) == [2]


def test_new_numbers_come_with_another_validity() -> None:
    mailbox = filled(mail("a"), mail("b"))
    with mailbox.folders(at(0)) as folders:
        before = folders[INBOX].uid_validity

    mailbox.renumber(INBOX, at(0))

    assert uids(mailbox) == [3, 4]
    with mailbox.folders(at(0)) as folders:
        assert folders[INBOX].uid_validity > before


def test_a_rule_moves_what_is_there_and_what_comes_and_positions_stay() -> None:
    mailbox = filled(mail("CONSEGNA 1"), mail("x"), mail("consegna 2", due=5))

    assert mailbox.file(Rule("Consegna", "Ricevute"), at(0)) == 1

    assert (uids(mailbox), uids(mailbox, "Ricevute", now=5)) == ([2], [1, 2])
    assert subjects(mailbox, now=5) == ["CONSEGNA 1", "x", "consegna 2"]
    assert mailbox.used_bytes(at(5)) == 3


def test_a_double_is_one_mail_more_of_the_same_size() -> None:
    mailbox = filled(mail("a", size_bytes=30), mail("b"))

    assert mailbox.double("a", at(0)) == 1

    assert uids(mailbox) == [1, 2, 3]
    assert mailbox.used_bytes(at(0)) == 61


def test_a_watcher_is_called_at_each_change_until_it_leaves() -> None:
    mailbox, calls = filled(), []
    with mailbox.watched(lambda: calls.append(1)):
        mailbox.expect(mail("a"))
        mailbox.delete(1, at(0))
    mailbox.expect(mail("b"))

    assert len(calls) == 2


def test_the_next_arrival_is_known_in_advance() -> None:
    assert filled().seconds_to_next(at(0)) is None
    assert filled(mail("a", due=5)).seconds_to_next(at(2)) == 3


def test_pages_are_of_25() -> None:
    paging = Paging(first_page=1, newest_first=False)

    assert paging.cut(list(range(60)), 1) == list(range(25))
    assert paging.cut(list(range(60)), 3) == list(range(50, 60))
    assert paging.cut(list(range(60)), 4) == []


def test_the_newest_may_come_first_and_pages_count_from_0() -> None:
    paging = Paging(first_page=0, newest_first=True)

    assert paging.cut(list(range(30)), 0) == list(range(29, 4, -1))
    assert paging.cut(list(range(30)), 1) == [4, 3, 2, 1, 0]


def test_the_vendors_example_of_981_messages_has_39_pages() -> None:
    assert number_of_pages(981) == 39
