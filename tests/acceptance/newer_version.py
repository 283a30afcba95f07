"""A worker's composition root that plays a newer version: the product's own, with a field and a state of its own.

`edition` is the version of a record that it committed last. A message to a `+filed` recipient that was accepted is
`filed` to it, a state that today's version does not know, until its CONSEGNA comes.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import pec.names as names

names.State = StrEnum(  # type: ignore[misc] # before anybody takes it
    "State", {**{state.name: state.value for state in names.State}, "FILED": "filed"}
)
names.ENDS = frozenset(names.State(end) for end in names.ENDS)

import pec.changes as changes  # noqa: E402 - with the newer states

changes.LETTERS[names.State("filed")] = "Z"

import pec.states as states  # noqa: E402
import pec.store.commits as commits  # noqa: E402
from pec.changes import Change  # noqa: E402
from pec.receipts import Receipt  # noqa: E402
from pec.store.store import Store  # noqa: E402

todays_judge, todays_record = states.judge, commits._record


def judge(receipts: Iterable[Receipt], rules: states.ReceiptRules, now: datetime) -> states.Verdict:
    found = todays_judge(receipts, rules, now)
    filed = found.state is names.State.ACCEPTED and "+filed" in rules.recipients[0]
    return replace(found, state=names.State("filed")) if filed else found


def record(store: Store, change: Change) -> dict[str, Any]:
    found = todays_record(store, change)
    found["set"] += ["edition", str(change.after.version)]
    return found


commits._record = record
states.judge = judge  # before the transitions take it

from workers.app import broker as broker  # noqa: E402 - built of what was wrapped above
