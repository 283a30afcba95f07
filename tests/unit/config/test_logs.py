"""The events of each log level."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from config.logs import configure_logging


@pytest.fixture(autouse=True)
def _structlog_as_it_was() -> Iterator[None]:
    """Keep the level of this module's tests from the loggers of the next module in this process."""
    yield
    structlog.reset_defaults()


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
