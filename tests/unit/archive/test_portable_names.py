"""Names of files that every system bears."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.portable_names import folded, portable_name, unique_names

IDS = st.from_regex(r"\A[A-Za-z0-9._:-]{1,128}(#[1-9][0-9]{0,2})?\Z")
NAMES = st.text(min_size=1, max_size=255)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("inv-2026_001#2", "inv-2026_001#2"),
        ("perché no?.pdf", "perché no%3F.pdf"),
        ("a:b", "a%3Ab"),
        (".", "%2E"),
        ("..", ".%2E"),
        ("...", "..%2E"),
        ("end.", "end%2E"),
        ("end ", "end%20"),
        ("../../etc/passwd", "..%2F..%2Fetc%2Fpasswd"),
        ("C:\\evil.exe", "C%3A%5Cevil.exe"),
        ("CON", "%43ON"),
        ("nul.txt", "%6Eul.txt"),
        ("com1 .txt", "%63om1 .txt"),
        ("console.txt", "console.txt"),
        ("fdp\u202egpj.exe", "fdp%E2%80%AEgpj.exe"),
        ("a\nb\0c", "a%0Ab%00c"),
        ("\ud800", "%ED%A0%80"),
        ("", "%5F"),
    ],
)
def test_what_some_system_can_not_bear_is_escaped(name: str, written: str) -> None:
    assert portable_name(name) == written


@given(NAMES)
def test_no_name_leads_elsewhere_or_is_too_long(name: str) -> None:
    written = portable_name(name)

    assert not set('<>:"/\\|?*\0') & set(written)
    assert written not in ("", ".", "..")
    assert not written.endswith((".", " "))
    assert len(written.encode()) <= 240


@given(IDS, IDS)
def test_two_ids_never_share_a_folder(one: str, other: str) -> None:
    assert (portable_name(one) == portable_name(other)) == (one == other)


def test_a_name_that_is_too_long_keeps_its_suffix_and_stays_different() -> None:
    one, other = (portable_name("è" * 200 + end + ".pdf") for end in "ab")

    assert one != other
    assert one.endswith(".pdf")
    assert len(one.encode()) <= 240
    assert len({portable_name(":" * 127 + end) for end in "ab"}) == 2


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (["a.pdf", "a.pdf", "a.pdf"], ["a.pdf", "a~2.pdf", "a~3.pdf"]),
        (["a.pdf", "A.PDF"], ["a.pdf", "A~2.PDF"]),
        (["a~2.pdf", "a.pdf", "a.pdf"], ["a~2.pdf", "a.pdf", "a~3.pdf"]),
        (["perché", "perche\u0301"], ["perché", "perche\u0301~2"]),
        (["a.tar.gz", "a.tar.gz"], ["a.tar.gz", "a.tar~2.gz"]),
    ],
)
def test_files_that_some_system_takes_for_one_are_numbered(names: list[str], written: list[str]) -> None:
    assert unique_names(names) == written


@given(st.lists(st.sampled_from(["a", "A", "a~2", "A~2", "à", "a\u0300", "ａ", "ß", "ss"]), max_size=12))
def test_files_of_one_message_never_share_a_name(names: list[str]) -> None:
    assert len({folded(name) for name in unique_names(names)}) == len(names)
