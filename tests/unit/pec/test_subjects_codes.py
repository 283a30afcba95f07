"""One rule says whether a text can be a code of the API."""

import pytest
from hypothesis import given

from pec.subjects import is_code
from tests.unit.pec.strategies import PATIENT, codes


@given(codes())
@PATIENT
def test_a_time_and_one_to_six_digits_are_a_code(code: str) -> None:
    assert is_code(code)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20200826100034",
        "202008261000349212345",
        "2020132610003492",
        "2020083210003492",
        "2020082624003492",
        "2020082610603492",
        "202008261000349a",
        " 2020082610003492",
        "2020082610003492\n",
        "20２0082610003492",
        "550 5.1.1 user unknown",
    ],
)
def test_anything_else_is_no_code(text: str) -> None:
    assert not is_code(text)
