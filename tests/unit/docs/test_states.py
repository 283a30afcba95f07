"""docs/states.md says what the functions that move messages do."""

import re

from pec.names import ENDS, State
from tests.unit.docs.moves import births, moves_before_the_code, moves_with_a_code
from tests.unit.docs.pages import PAGES, README, blocks, tables

PAGE = PAGES["docs/states.md"]
DRAWN = re.compile(r"^ +(\S+) --> (\w+)", re.MULTILINE)
RANK = re.findall(r"^\d\. `(\w+)`", PAGE, re.MULTILINE)


def arrows(page: str) -> set[tuple[str, str]]:
    pictures = [block for block in blocks(page, "mermaid") if block.startswith("stateDiagram")]
    return {arrow for picture in pictures for arrow in DRAWN.findall(picture)}


def words(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


def pairs_of_the_table() -> set[tuple[str, str]]:
    rows = tables(PAGE.split("## Every move")[1].split("\n## ")[0])[0]
    return {(start, end) for left, right, _ in rows for start in words(left) for end in words(right)}


def pairs_of_the_list() -> set[tuple[str, str]]:
    """From the states that are looked at again, to those above them."""
    movable = set(RANK) - {"delivered", "refused", "uncertified"}
    return {(start, end) for place, start in enumerate(RANK) if start in movable for end in RANK[:place]}


def test_the_table_of_moves_is_exactly_what_can_happen_before_there_is_a_code() -> None:
    assert pairs_of_the_table() == births() | moves_before_the_code()


def test_with_a_code_a_message_moves_up_the_list_and_in_no_other_way() -> None:
    assert pairs_of_the_list() == moves_with_a_code()


def test_every_arrow_of_the_pictures_can_happen() -> None:
    possible = pairs_of_the_table() | pairs_of_the_list() | {("[*]", "queued")}
    assert arrows(PAGE) | arrows(README) <= possible


def test_the_picture_of_the_states_shows_each_of_them() -> None:
    drawn = {state for arrow in arrows(PAGE) for state in arrow} - {"[*]"}
    assert drawn == {str(state) for state in State}


def test_each_state_is_described_and_the_ends_are_reported() -> None:
    rows = tables(PAGE.split("## Each state")[1].split("\n## ")[0])[0]
    assert sorted(words(row[0])[0] for row in rows) == sorted(State)
    assert {words(row[0])[0] for row in rows if "**End**" in row[1]} == ENDS
