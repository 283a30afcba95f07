"""Enqueue a PEC with an attachment, with nothing but redis-py (`pip install redis`):

PEC_REDIS_URL=redis://localhost:6379/0 python examples/enqueue.py
"""

import hashlib
import json
import os

import redis

REDIS_URL = os.environ.get("PEC_REDIS_URL", "redis://localhost:6379/0")
UPLOAD_SECONDS = 7 * 86_400


def main() -> None:
    with redis.Redis.from_url(REDIS_URL, decode_responses=True) as client:
        invoice = b"%PDF-1.4 ..."
        job = {
            "type": "send",
            "id": "example-python-1",  # your own key: the same id again is never sent a second time
            "account": "acme",
            "recipient": "consegna@pec.example",
            "subject": "Fattura n. 2/2026",
            "body": "<p>In allegato la fattura.</p>",
            "attachments": [{"name": "fattura-2.pdf", "sha256": upload(client, invoice)}],
            "metadata": {"customer": 42},
        }
        entry = client.xadd("pec:jobs", {"job": json.dumps(job)})
        print(f"Enqueued {job['id']} as entry {entry}.")
        print(
            f"Next: `pec watch {job['id']}` follows it; the hash pec:message:{job['id']} shows it once a worker"
        )
        print(
            f"has taken it, and if a worker refused it, pec:rejected has an entry whose `entry` is {entry}."
        )


def upload(client: redis.Redis, content: bytes) -> str:
    """Puts bytes beside the jobs, under their SHA-256, which a job names. The same bytes again refresh them."""
    sha256 = hashlib.sha256(content).hexdigest()
    client.set(f"pec:upload:{sha256}", content, ex=UPLOAD_SECONDS)
    return sha256


if __name__ == "__main__":
    main()
