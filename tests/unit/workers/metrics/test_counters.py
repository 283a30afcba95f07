"""The counts around an actor, and the start of the process that shows them."""

import time
from typing import Any

import dramatiq
import pytest

from config.settings import Settings
from pec.names import Queue
from workers.context import WorkerContext
from workers.metrics import definitions, server
from workers.metrics.counters import (
    CHECK_OUTCOMES,
    REGISTRY,
    SEND_OUTCOMES,
    TASK_OUTCOMES,
    Metrics,
    start_at_zero,
)
from workers.metrics.definitions import DEFINITIONS, Metric

ADDRESS = {"metrics_address": "127.0.0.1:9464"}


def metrics(**settings: Any) -> Metrics:
    nothing: Any = None
    return Metrics(WorkerContext(Settings.model_validate(settings), nothing, nothing))


def hint(**options: Any) -> Any:
    return dramatiq.Message(
        queue_name="check", actor_name="check", args=("inv-1",), kwargs={}, options=options
    )


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_lateness_runs_from_when_a_task_was_due_to_when_it_starts() -> None:
    before = value("pec_lateness_seconds_sum", queue="check")
    no_broker: Any = None

    metrics().before_process_message(no_broker, hint(due_at=time.time() - 40))
    metrics().before_process_message(
        no_broker, hint(due_at=time.time() + 40)
    )  # ahead of its time is not late
    metrics().before_process_message(no_broker, hint())  # of a version that did not say

    assert value("pec_lateness_seconds_sum", queue="check") - before == pytest.approx(40, abs=1)


@pytest.mark.parametrize(("exception", "outcome"), [(None, "done"), (ValueError(), "failed")])
def test_a_task_is_counted_by_its_end(exception: BaseException | None, outcome: str) -> None:
    before = value("pec_tasks_total", queue="check", outcome=outcome)
    no_broker: Any = None

    metrics().after_process_message(no_broker, hint(), exception=exception)

    assert value("pec_tasks_total", queue="check", outcome=outcome) - before == 1


def test_work_given_back_is_counted_apart() -> None:
    before = value("pec_tasks_total", queue="check", outcome="given_back")
    no_broker: Any = None

    metrics().after_skip_message(no_broker, hint())

    assert value("pec_tasks_total", queue="check", outcome="given_back") - before == 1


@pytest.mark.parametrize(
    ("metric", "outcomes"),
    [
        (definitions.SENDS, SEND_OUTCOMES),
        (definitions.CHECKS, CHECK_OUTCOMES),
        (definitions.TASKS, TASK_OUTCOMES),
    ],
    ids=lambda given: given.name if isinstance(given, Metric) else "",
)
def test_a_metric_s_meaning_names_each_of_its_outcomes(metric: Metric, outcomes: tuple[str, ...]) -> None:
    assert {one for one in outcomes if f"`{one}`" not in metric.meaning} == set()


def test_metrics_are_served_only_where_an_address_and_a_folder_are_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(definitions.FOLDER, "/somewhere")
    assert metrics(**ADDRESS).forks == [server.serve]
    assert metrics().forks == []

    monkeypatch.delenv(definitions.FOLDER)
    assert metrics(**ADDRESS).forks == []


def test_counts_whose_labels_are_known_begin_at_zero() -> None:
    start_at_zero()

    assert REGISTRY.get_sample_value("pec_sends_total", {"outcome": "denied"}) is not None
    for queue in Queue:
        assert REGISTRY.get_sample_value("pec_lateness_seconds_count", {"queue": queue}) is not None


def test_what_is_counted_is_in_the_catalogue() -> None:
    counted = {
        (family.name + ("_total" if family.type == "counter" else ""), family.type)
        for family in REGISTRY.collect()
    }

    assert counted == {(one.name, one.type) for one in DEFINITIONS if one.type != "gauge"}
