"""The processes that take jobs and do the work."""

from workers.lean_imports import import_without

import_without(("rich", "greenlet"), "structlog")
import_without(("opentelemetry",), "redis")
import_without(("charset_normalizer", "chardet"), "requests")
