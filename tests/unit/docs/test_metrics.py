"""docs/metrics.md says what is exported, what is worth having and what rings, as the code does."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from config.settings import Api
from pec.operations.status.overview import threads_worth
from pec.operations.status.progress import duration
from pec.store.pacing import interval_seconds
from workers.metrics.definitions import DEFINITIONS, table

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
UNITS = ("seconds", "ratio", "total", "per_second")
COUNTED = (  # numbers of things, which are their own unit
    {"pec_redis_up", "pec_jobs_waiting", "pec_jobs_rejected", "pec_messages", "pec_lane_messages"}
    | {"pec_account_paused", "pec_account_served", "pec_sends_in_period", "pec_cap", "pec_cap_left"}
    | {"pec_messages_parked"}
    | {"pec_workers", "pec_threads", "pec_threads_worth", "pec_queue_served", "pec_scheduled", "pec_overdue"}
    | {"pec_api_silent_answers", "pec_endpoint_failures", "pec_endpoint_waiting", "pec_endpoint_dead"}
    | {
        "pec_endpoint_disabled",
        "pec_archive_away",
        "pec_api_out_of_reach",
        "pec_imap_refused",
        "pec_mails_purged",
    }
)


def test_the_table_is_the_catalogue_s() -> None:
    assert table() in PAGE, "put there what `python -m workers.metrics.definitions` prints"


def test_names_hold_their_unit() -> None:
    assert {one.name for one in DEFINITIONS if not one.name.endswith(UNITS)} == COUNTED
    assert all(one.name.startswith("pec_") for one in DEFINITIONS)
    assert all(one.name.endswith("_total") == (one.type == "counter") for one in DEFINITIONS)


def test_no_label_can_hold_what_must_not_be_reported() -> None:
    labels = {label for one in DEFINITIONS for label in one.labels}

    assert labels == {
        "account",
        "endpoint",
        "kind",
        "operation",
        "outcome",
        "period",
        "queue",
        "reason",
        "state",
        "token",
    }


def rows_after(header: str) -> list[list[str]]:
    body = PAGE.split(header)[1].split("\n\n")[0].strip().splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in body]


@pytest.mark.parametrize("row", rows_after("| rate | time of a POST "), ids=lambda row: " ".join(row))
def test_what_is_worth_having_is_computed(row: list[str]) -> None:
    rate, post, in_flight, threads = (re.findall(r"[\d.]+", cell)[0] for cell in row[:4])

    interval = interval_seconds(Api(rate=float(rate)))
    assert threads_worth(interval, float(post), int(in_flight)) == int(threads)


def test_the_worked_example_is_computed() -> None:
    seconds = 10_000 * interval_seconds(Api(rate=1.0, margin_seconds=0.003))

    assert f"take {duration(seconds)} at full pace" in PAGE
    assert timedelta(days=2) < 10_000 / 3_500 * timedelta(days=1) <= timedelta(days=3)


def test_every_alert_is_listed() -> None:
    found: Any = YAML(typ="safe").load((ROOT / "deploy" / "prometheus-rules.yml").read_text(encoding="utf-8"))
    rules = [rule for group in found["groups"] for rule in group["rules"]]

    assert [row[:2] for row in rows_after("| alert | severity |")] == [
        [f"`{rule['alert']}`", rule["labels"]["severity"]] for rule in rules
    ]
