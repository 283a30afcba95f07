"""The events of each log level."""

import json
import logging

import pytest

from config.logs import configure_logging


def test_a_consumer_that_lost_redis_is_a_warning_and_what_else_is_critical_stays(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    configure_logging(as_json=True)
    logger = logging.getLogger("dramatiq.worker.ConsumerThread(send)")

    logger.critical("Consumer encountered a connection error: %s", "refused")
    logger.critical("Consumer encountered an unexpected error.")

    levels = [json.loads(line)["level"] for line in capsys.readouterr().err.splitlines()]
    assert levels == ["warning", "critical"]
