"""The codes that programs may rely on stand in the documentation, and no others."""

import re
from pathlib import Path

from pec.problems import CODES

CONTRACT = (Path(__file__).parents[3] / "docs" / "contract.md").read_text(encoding="utf-8")
OF_THE_COMMAND_LINE = {"not_held_to_resend", "not_held_to_discard", "still_searched"}  # no job asks for these


def test_the_contract_lists_the_codes_of_rejections() -> None:
    listed = CONTRACT.split("## Codes of rejections")[1].split("\n## ")[0]
    codes = {
        code for row in listed.splitlines() if row.startswith("|") for code in re.findall(r"`(\w+)`", row)
    }

    assert codes == CODES - OF_THE_COMMAND_LINE | {"other_fault"}
