"""The public contract grows, but nothing of it goes away: docs/contract.md lists its parts."""

import re

from tests.unit.docs.contract import RECORDED, contract
from tests.unit.docs.pages import PAGES, ROOT, tables

REMEDY = "removed or renamed? That needs a major version. Then: python -m tests.unit.docs.contract > "
OLD = RECORDED.read_text(encoding="utf-8").splitlines()
REQUIRED = re.compile(r"(job \w+|setting) (requires|required): ")


def test_nothing_of_the_contract_is_gone() -> None:
    kept = {line for line in OLD if not REQUIRED.match(line)}

    assert kept - set(contract()) == set(), REMEDY + str(RECORDED.relative_to(ROOT))


def test_what_was_optional_is_not_required() -> None:
    known = {REQUIRED.sub(r"\1: ", line) for line in OLD if not REQUIRED.match(line)}

    new = {line for line in contract() if REQUIRED.match(line)} - set(OLD)
    assert {line for line in new if REQUIRED.sub(r"\1: ", line) in known} == set()


def test_every_reason_of_the_contract_is_one_of_the_code() -> None:
    code = "".join(
        path.read_text(encoding="utf-8") for top in ("pec", "workers") for path in (ROOT / top).rglob("*.py")
    )

    reasons = {line.split(": ")[1] for line in OLD if line.startswith("reason of ")}
    assert {one for one in reasons if f'"{one}"' not in code} == set()


def test_every_key_of_the_contract_is_in_its_table() -> None:
    rows = tables(PAGES["docs/contract.md"].split("## Keys")[1])[0]

    shown = {re.sub(r"<.*", "", row[0].strip("`")) for row in rows}
    assert shown == {re.sub(r"(ID|NAME|SHA256)$", "", line[4:]) for line in OLD if line.startswith("key ")}
