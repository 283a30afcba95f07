"""Run by the python of a worker's container: put jobs in, or write the states of messages.

The image's version may be an older one, so each function imports what it needs.
"""

import os
import sys
from typing import Any


def put(prefix: str, count: int) -> None:
    from producers import Producer

    replicas = int(os.environ.get("PEC_REDIS_REPLICAS", "0"))
    more: dict[str, Any] = {"replicas": replicas} if replicas else {}
    producer = Producer(os.environ["PEC_REDIS_URL"], **more)
    for number in range(count):
        recipient = f"consegna+{prefix}-{number}@pec.example"
        producer.send(f"{prefix}-{number}", "acme", recipient, "Avviso", "<p>Salve</p>")


def states(prefix: str, count: int) -> None:
    from config.redis_connection import connect

    client = connect(os.environ["PEC_REDIS_URL"])
    for number in range(count):
        state: Any = client.hget(f"pec:message:{prefix}-{number}", "state") or b"none"
        sys.stdout.write(f"{state.decode()}\n")


{"put": put, "states": states}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
