"""JSON Schemas of what goes into Redis and comes out: `python -m tools.schemas FOLDER` writes them."""

import json
import sys
from pathlib import Path
from typing import Any

from pec.event_schema import event_schema
from pec.jobs import JOB


def schemas() -> dict[str, str]:
    """Return the JSON text of each schema by its file name."""
    return {
        "job.schema.json": _text(JOB.json_schema(), "A job: the field `job` of the stream pec:jobs"),
        "event.schema.json": _text(event_schema(), "An event: in pec:events, and a webhook's body"),
    }


def _text(schema: dict[str, Any], title: str) -> str:
    stated = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}
    return json.dumps(stated, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, content in schemas().items():
        (Path(sys.argv[1]) / name).write_text(content, encoding="utf-8")
