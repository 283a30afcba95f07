"""Alerts, dashboard and KEDA: each query is PromQL, and asks for what workers export."""

import json
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from cli import COMMANDS
from tests.unit.deploy.compose import ROOT
from tests.unit.deploy.queries import faults
from workers.metrics.definitions import DEFINITIONS

SEVERITIES = {"critical", "warning", "info"}


def read_yaml(name: str) -> Any:
    return YAML(typ="safe").load((ROOT / "deploy" / name).read_text(encoding="utf-8"))


ALERTS = {
    rule["alert"]: rule for group in read_yaml("prometheus-rules.yml")["groups"] for rule in group["rules"]
}
DASHBOARD = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text(encoding="utf-8"))
PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"]}


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("pec_workers", []),
        ('sum(rate(pec_sends_total{outcome="sent"}[5m]))', []),
        ("pec_wrokers", ["there is no pec_wrokers"]),
        ("rate(pec_api_seconds[5m])", ["there is no pec_api_seconds"]),
        ('pec_messages{sate="held"}', ["pec_messages has no label sate"]),
        ("max by (acount) (pec_lane_messages)", ["nothing has a label acount"]),
        ("1", ["it asks for nothing"]),
    ],
)
def test_a_query_for_what_no_process_exports_is_found(query: str, fault: list[str]) -> None:
    assert faults(query) == fault


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_an_alert_asks_for_what_is_there_and_says_what_to_do(name: str) -> None:
    rule = ALERTS[name]

    assert faults(rule["expr"]) == []
    assert rule["labels"]["severity"] in SEVERITIES
    for sentence in (rule["annotations"]["summary"], rule["annotations"]["action"]):
        assert re.fullmatch(r"[A-Z`\d{].*\.", sentence)
    commands = re.findall(r"`pec ([a-z]+)", rule["annotations"]["action"])
    assert set(commands) <= set(COMMANDS)
    assert commands or name == "PecEndpointFailing"


def test_every_label_in_a_sentence_is_one_of_its_query() -> None:
    for name, rule in ALERTS.items():
        for label in re.findall(r"\$labels\.(\w+)", str(rule["annotations"])):
            assert label in rule["expr"], f"{name}: {label}"


def test_alerts_that_ring_at_once_are_those_that_no_wait_makes_better() -> None:
    assert {name for name, rule in ALERTS.items() if "for" not in rule} == {
        "PecUncertain",
        "PecTasksFail",
        "PecEndpointDisabled",
    }


@pytest.mark.parametrize("title", sorted(PANELS))
def test_a_panel_asks_for_what_is_there_and_has_a_unit(title: str) -> None:
    panel = PANELS[title]

    assert panel["targets"]
    for target in panel["targets"]:
        assert faults(target["expr"]) == []
        assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["description"]


def test_the_dashboard_can_be_imported() -> None:
    assert (DASHBOARD["uid"], DASHBOARD["schemaVersion"]) == ("pec-massiva", 39)
    assert [one["name"] for one in DASHBOARD["templating"]["list"]] == ["datasource"]
    assert len({panel["id"] for panel in PANELS.values()}) == len(DASHBOARD["panels"]) == len(PANELS)
    assert "id" not in DASHBOARD


def test_panels_do_not_lie_on_each_other() -> None:
    taken = [
        (x, y)
        for at in (panel["gridPos"] for panel in PANELS.values())
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


def test_every_metric_is_shown_or_rings() -> None:
    asked = " ".join(
        [rule["expr"] for rule in ALERTS.values()]
        + [target["expr"] for panel in PANELS.values() for target in panel["targets"]]
    )
    assert [one.name for one in DEFINITIONS if not re.search(rf"\b{one.name}(_bucket|_count)?\b", asked)] == [
        "pec_jobs_rejected"  # the event and `pec status` show them
    ]


def test_keda_scales_by_what_is_worth_having() -> None:
    scaled = read_yaml("kubernetes/base/worker-scale.yaml")
    [trigger] = scaled["spec"]["triggers"]

    assert (scaled["kind"], trigger["type"]) == ("ScaledObject", "prometheus")
    of_a_site = '{namespace="pec"}'  # Prometheus's own label, not the workers'
    assert of_a_site in trigger["metadata"]["query"]
    assert faults(trigger["metadata"]["query"].replace(of_a_site, "")) == []
    assert "pec_threads_worth" in trigger["metadata"]["query"]
    assert scaled["spec"]["minReplicaCount"] >= 1, "receipts and webhooks need one too"
