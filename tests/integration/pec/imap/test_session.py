"""Sessions with a real server: what is read, what is left as it was, and what a refusal looks like."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from pec.http.tls import all_authorities
from pec.imap.errors import FolderMissing, ImapUnavailable, LoginRefused
from pec.imap.server import Server
from pec.imap.session import PART_BYTES, Session
from tests.dovecot import CERTIFICATE, PASSWORD, Dovecot

MAIL = b"From: a@pec.example\r\nX-Ricevuta: accettazione\r\nSubject: =?utf-8?q?perch=C3=A9?=\r\n\r\nText\r\n"


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """Return a mailbox of the test's own."""
    return str(abs(hash(request.node.name)))


@pytest.fixture
def session(dovecot: Dovecot, user: str) -> Iterator[Session]:
    opened = Session.open(dovecot.server(user))
    yield opened
    opened.close()


def put(dovecot: Dovecot, user: str, *mails: bytes, folder: str = "INBOX") -> None:
    with dovecot.client(user) as client:
        for mail in mails:
            client.append(folder, mail)


def test_mails_come_as_they_are_and_stay_unread(dovecot: Dovecot, user: str, session: Session) -> None:
    put(dovecot, user, MAIL, b"Subject: two\r\n\r\n\x00\xff bytes\r\n".replace(b"\x00", b"0"))
    session.examine("INBOX")

    assert session.mails([1, 2, 99], 1000)[1] == MAIL
    assert [one.uid for one in session.summaries([1, 2, 99])] == [1, 2]
    with dovecot.client(user) as client:
        client.select_folder("INBOX", readonly=True)
        flags = client.get_flags([1, 2])
    assert all(b"\\Seen" not in found for found in flags.values())


def test_a_summary_has_the_chosen_header_fields_and_the_size(
    dovecot: Dovecot, user: str, session: Session
) -> None:
    put(dovecot, user, MAIL)
    session.examine("INBOX")

    [found] = session.summaries([1])

    assert found.size == len(MAIL)
    assert b"X-Ricevuta: accettazione" in found.headers
    assert found.arrived_at is not None
    assert found.arrived_at.tzinfo is not None


def test_a_search_past_the_end_finds_nothing(dovecot: Dovecot, user: str, session: Session) -> None:
    put(dovecot, user, MAIL, MAIL)
    folder = session.examine("INBOX")

    assert (folder.count, folder.next_uid) == (2, 3)
    assert session.uids(3, 10) == []
    assert session.uids(2, 10) == [2]
    assert session.uids(1, 10, since=datetime.now(UTC).date() + timedelta(days=2)) == []


def test_a_position_has_its_uid(dovecot: Dovecot, user: str, session: Session) -> None:
    put(dovecot, user, MAIL, MAIL, MAIL)
    session.select("INBOX")
    session.expunge([2])

    assert [session.uid_at(number) for number in (1, 2, 3)] == [1, 3, None]


def test_only_the_named_mails_are_deleted_whatever_others_marked(dovecot: Dovecot, user: str) -> None:
    put(dovecot, user, MAIL, MAIL, MAIL)
    with dovecot.client(user) as client:
        client.select_folder("INBOX")
        client.add_flags([3], [rb"\Deleted"])
    session = Session.open(dovecot.server(user))
    session.select("INBOX")

    session.expunge([2])
    session.close()

    with dovecot.client(user) as client:
        client.select_folder("INBOX", readonly=True)
        assert client.search() == [1, 3]


def test_folders_have_names_with_namespaces_and_accents(
    dovecot: Dovecot, user: str, session: Session
) -> None:
    with dovecot.client(user) as client:
        client.create_folder("INBOX.Ricevute perché")
    put(dovecot, user, MAIL, folder="INBOX.Ricevute perché")

    assert sorted(session.folders()) == ["INBOX", "INBOX.Ricevute perché"]
    assert session.examine("INBOX.Ricevute perché").count == 1


def test_a_missing_folder_leaves_the_session_usable(session: Session) -> None:
    with pytest.raises(FolderMissing) as missing:
        session.examine("INBOX.Nessuna")

    assert missing.value.folder == "INBOX.Nessuna"
    assert session.examine("INBOX").count == 0


def test_a_large_mail_comes_in_parts_that_make_it_whole(
    dovecot: Dovecot, user: str, session: Session
) -> None:
    large = MAIL + b"x" * 70 + b"\r\n" + (b"y" * 76 + b"\r\n") * (2 * PART_BYTES // 78)
    put(dovecot, user, large)
    session.examine("INBOX")

    parts = list(session.parts(1))

    assert len(parts) == 3
    assert b"".join(parts) == large


def test_a_server_that_idles_reports_new_mail_at_once(dovecot: Dovecot, user: str, session: Session) -> None:
    put(dovecot, user, MAIL)
    session.examine("INBOX")
    session.begin_idle()
    assert not session.arrived(0.05)

    put(dovecot, user, MAIL)

    assert session.arrived(10)
    session.end_idle()
    assert session.examine("INBOX").count == 2


@pytest.mark.parametrize("password", ["wrong", "sbagliàta", 'with "quotes" and space'])
def test_a_wrong_password_is_a_refusal_that_does_not_show_it(dovecot: Dovecot, password: str) -> None:
    with pytest.raises(LoginRefused) as refused:
        Session.open(dovecot.server("anyone", password))

    assert password not in refused.value.description


def test_a_name_that_is_no_word_can_log_in(dovecot: Dovecot) -> None:
    Session.open(dovecot.server("m12345 (ufficio)")).close()


def test_a_certificate_of_an_unknown_authority_is_not_trusted(dovecot: Dovecot) -> None:
    with pytest.raises(ImapUnavailable) as untrusted:
        Session.open(Server("127.0.0.1", dovecot.encrypted, True, "acme", SecretStr(PASSWORD)))

    assert untrusted.value.code == "certificate"


def test_a_private_authority_is_named_as_for_other_programs(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    all_authorities.cache_clear()
    try:
        Session.open(Server("localhost", dovecot.encrypted, True, "acme", SecretStr(PASSWORD))).close()
        with pytest.raises(ImapUnavailable) as another:
            Session.open(Server("127.0.0.2", dovecot.encrypted, True, "acme", SecretStr(PASSWORD)))
    finally:
        all_authorities.cache_clear()
    assert another.value.code in ("certificate", "not_listening")


def test_nothing_listens(dovecot: Dovecot) -> None:
    with pytest.raises(ImapUnavailable) as away:
        Session.open(Server("127.0.0.1", 1, False, "acme", SecretStr("x")))

    assert away.value.code == "not_listening"
