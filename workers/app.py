"""The composition root of a worker process: `dramatiq workers.app`, or `pec worker`."""

import dramatiq

from config.logs import configure_logging
from config.settings import load_settings
from workers.arenas import limit_arenas
from workers.build import build
from workers.preload import import_all, needed
from workers.tracing import open_spans

limit_arenas()  # before any thread
settings = load_settings()
import_all(needed(settings))  # now, and not when the first task needs it
spans = open_spans(settings.otel)
configure_logging(settings.log_level, settings.log_json, spans.processors)
broker = build(settings, spans)
dramatiq.set_broker(broker)
