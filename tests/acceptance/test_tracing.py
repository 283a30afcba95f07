"""One trace from XADD to CONSEGNA and the webhook, as a collector of OpenTelemetry gets it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from redis import Redis

from producers import Producer
from tests.acceptance.site import PASSWORD, TOKEN, Site, eventually, site
from tests.collector import Collected, Collector
from tests.receiver import Received, Receiver

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE_ID, PARENT_ID = PARENT.split("-")[1:3]
PEC = {"recipient": "consegna@pec.example", "subject": "Avviso"}


@pytest.fixture
def at(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    with site(redis, redis_url, tmp_path) as found:
        yield found


@pytest.fixture
def slow(redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    """A site whose CONSEGNA takes so long that many messages await theirs."""
    with site(redis, redis_url, tmp_path, options=["--delivery-delay", "8"]) as found:
        yield found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as found:
        yield found


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as found:
        yield found


def webhooks(receiver: Receiver) -> dict[str, str]:
    endpoint = {"name": "shop", "url": receiver.url, "secret": receiver.secret}
    return {"PEC_WEBHOOKS__ENDPOINTS": json.dumps([endpoint]), "PEC_WEBHOOKS__ALLOW_PRIVATE": "true"}


def tracing(collector: Collector) -> dict[str, str]:
    return {
        "PEC_OTEL": "true",
        "PEC_LOG_JSON": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_SERVICE_NAME": "pec-worker",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }


def delivered(receiver: Receiver, message_id: str) -> Received | None:
    return next(
        (
            one
            for one in receiver.received
            if one.body["type"] == "message.delivered" and one.body["data"]["id"] == message_id
        ),
        None,
    )


def logged(at: Site, trace_id: str) -> list[Mapping[str, Any]]:
    lines = [json.loads(line) for line in at.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("trace_id") == trace_id]


def has_steps(collector: Collector, trace_id: str, steps: set[str]) -> bool:
    return steps <= collector.names_in(trace_id)


def span_with(collector: Collector, span_id: str) -> Collected | None:
    return next((span for span in collector.spans if span.span_id == span_id), None)


def span_of(collector: Collector, name: str, trace_id: str, event: str = "") -> Collected | None:
    return next(
        (
            span
            for span in collector.spans
            if (span.name, span.trace_id) == (name, trace_id) and event in (*span.events, "")
        ),
        None,
    )


def test_one_trace_leads_from_the_producers_span_to_consegna_and_webhook(
    at: Site, redis_url: str, receiver: Receiver, collector: Collector
) -> None:
    provider = TracerProvider(resource=Resource({"service.name": "shop"}))
    exporter = OTLPSpanExporter(f"{collector.url}/v1/traces")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("shop")
    with at.workers(processes=1, **webhooks(receiver), **tracing(collector)):
        with tracer.start_as_current_span("order") as order, Producer(redis_url) as producer:
            producer.send("inv-1", "acme", PEC["recipient"], PEC["subject"], "<p>Salve</p>")
        trace_id = f"{order.get_span_context().trace_id:032x}"
        final = eventually(lambda: delivered(receiver, "inv-1"))
        steps = {"order", "pec.intake", "pec.send", "pec.check", "pec.webhook"}
        eventually(partial(has_steps, collector, trace_id, steps))
        _, header_trace, header_span, _ = final.headers["traceparent"].split("-")
        posted = eventually(partial(span_with, collector, header_span))
    provider.shutdown()

    order_id = f"{order.get_span_context().span_id:016x}"
    ours = [span for span in collector.spans if span.service == "pec-worker"]
    assert {span.trace_id for span in ours} == {trace_id}
    assert {span.parent_id for span in ours} == {order_id}
    assert at.message("inv-1")["traceparent"].startswith(f"00-{trace_id}-{order_id}-")
    send = span_of(collector, "pec.send", trace_id, "message_sent")
    assert send
    assert send.attributes == {"pec.message": "inv-1", "pec.account": "acme"}
    assert span_of(collector, "pec.check", trace_id, "state_changed")
    assert header_trace == trace_id
    assert posted.name == "pec.webhook"
    lines = logged(at, trace_id)
    assert {line["event"] for line in lines} >= {"job_taken", "message_sent", "state_changed"}
    by_event = {line["event"]: line for line in lines}
    assert by_event["message_sent"]["span_id"] == send.span_id
    exported = str(collector.spans)
    assert TOKEN not in exported
    assert PASSWORD not in exported


def test_a_trace_begins_at_the_intake_if_the_job_has_none(
    at: Site, receiver: Receiver, collector: Collector
) -> None:
    at.add(id="plain", **PEC)
    at.add(id="odd", **PEC, traceparent="not a context")
    steps = {"pec.intake", "pec.send", "pec.check", "pec.webhook"}
    with at.workers(processes=1, **webhooks(receiver), **tracing(collector)):
        for message_id in ("plain", "odd"):
            final = eventually(partial(delivered, receiver, message_id))
            _, trace_id, intake_id, _ = at.message(message_id)["traceparent"].split("-")
            assert final.headers["traceparent"].split("-")[1] == trace_id
            eventually(partial(has_steps, collector, trace_id, steps))
            intake = span_of(collector, "pec.intake", trace_id)
            assert intake
            assert (intake.span_id, intake.parent_id) == (intake_id, "")


def test_pages_of_a_busy_mailbox_and_failures_are_part_of_the_trace(slow: Site, collector: Collector) -> None:
    at = slow
    for number in range(30):
        at.add(
            id=f"m{number}", subject="Avviso", recipient=f"consegna+{number}@pec.example", traceparent=PARENT
        )
    at.add(id="lost", recipient="errore-500-inviata@pec.example", subject="Perso", traceparent=PARENT)
    with at.workers(processes=1, **tracing(collector)):
        eventually(lambda: at.state("lost") == "delivered" and at.state("m29") == "delivered", 60)
        eventually(lambda: {"pec.receipts", "pec.lookup"} <= collector.names_in(TRACE_ID))
    assert {span.trace_id for span in collector.spans} == {TRACE_ID}
    sends = [span for span in collector.spans if span.name == "pec.send"]
    lost = [span for span in sends if span.attributes["pec.message"] == "lost" and span.failed]
    assert "send_failed" in lost[-1].events


def test_without_opentelemetry_the_context_reaches_webhook_stream_and_log(
    at: Site, redis: Redis, receiver: Receiver
) -> None:
    at.add(id="traced", **PEC, traceparent=PARENT)
    at.add(id="plain", **PEC)
    with at.workers(processes=1, PEC_LOG_JSON="true", **webhooks(receiver)):
        final = eventually(lambda: delivered(receiver, "traced"))
        plain = eventually(lambda: delivered(receiver, "plain"))
    assert final.headers["traceparent"] == PARENT
    assert final.body["data"]["traceparent"] == PARENT
    assert "traceparent" not in plain.headers
    assert "traceparent" not in plain.body["data"]
    assert not redis.hexists("pec:message:plain", "traceparent")
    assert "message_sent" in {line["event"] for line in logged(at, TRACE_ID)}


def test_a_worker_stops_in_time_if_the_collector_is_away(at: Site, collector: Collector) -> None:
    nowhere = {**tracing(collector), "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    at.add(id="m", **PEC)
    with at.workers(processes=1, **nowhere) as process:
        eventually(lambda: at.state("m") == "delivered")
        process.terminate()
        assert process.wait(20) == 0


def test_no_worker_imports_opentelemetry_unless_its_setting_is_true(at: Site) -> None:
    program = "import sys, workers.app; print(*sys.modules, sep='\\n')"  # redis-py imports its metrics
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**at.settings, "PATH": ""},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert not {"workers.opentelemetry_spans", "opentelemetry.sdk.trace"} & set(done.stdout.split())
