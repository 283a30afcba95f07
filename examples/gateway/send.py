"""Send a PEC with an attachment over HTTP, with `requests`; follow it to its CONSEGNA, and download its proof:

GATEWAY=http://localhost:8080 TOKEN=pec_... python examples/gateway/send.py proof.zip
"""

import base64
import os
import sys
import time
from pathlib import Path
from typing import Any

import requests

KEY = "example-requests-1"  # your own key, one for each PEC: the same request with the same key sends nothing again
MESSAGE = {
    "account": "acme",
    "recipient": "consegna@pec.example",
    "subject": "Fattura n. 6/2026",
    "body": "<p>In allegato la fattura.</p>",
    "attachments": [{"name": "fattura-6.pdf", "file": base64.b64encode(b"%PDF-1.4 ...").decode()}],
}

api = requests.Session()
api.headers["Authorization"] = f"Bearer {os.environ['TOKEN']}"


def call(method: str, path: str, **of: Any) -> requests.Response:
    """Repeat the request until it is answered. Exit with what is wrong with it, if it was refused."""
    while True:
        try:
            answer = api.request(method, os.environ["GATEWAY"] + path, timeout=60, **of)
        except requests.RequestException as error:
            print(f"No answer ({error}): the request is repeated.", file=sys.stderr)
            time.sleep(1)  # so that a gateway that is away is not flooded
            continue
        if answer.ok:
            return answer
        if answer.status_code != 429 and answer.status_code < 500:
            sys.exit(f"{answer.status_code} {answer.text}")
        time.sleep(float(answer.headers.get("Retry-After", 5)))  # as the gateway asked


def send() -> dict[str, Any]:
    accepted: dict[str, Any] = call(
        "POST", "/v1/messages", json=MESSAGE, headers={"Idempotency-Key": KEY}
    ).json()
    return accepted


accepted = send()
if send() == accepted:
    print("Sent twice with one key: it is one PEC.")
while "proof" not in (message := call("GET", accepted["status_url"]).json()):
    if message["state"] in ("failed", "cancelled", "rejected"):
        sys.exit(f"It was not sent: {message}")
    time.sleep(1)  # an event stream needs no such wait: see follow.py
print(f"It is {message['state']}, since {message.get('delivered_at')}.")
bundle = call("GET", f"/v1/messages/{accepted['id']}/proof")
Path(sys.argv[1]).write_bytes(bundle.content)
print(f"Its proof ({bundle.headers['Pec-Proof']}) is in {sys.argv[1]}.")
