"""Send 30 PEC over HTTP, follow their events, and download the proof of each. It needs `requests`.

    GATEWAY=http://localhost:8080 TOKEN=pec_... python follow.py FOLDER

Kill it at any moment and start it again with the same folder: it sends nothing twice, and misses no event.
"""

import base64
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

GATEWAY = os.environ["GATEWAY"]
FILE = base64.b64encode(b"%PDF-1.4 ...").decode()
MESSAGES = [
    {
        "id": f"example-follow-{number}",  # the same id again sends nothing
        "account": "acme",
        "recipient": f"consegna+{number}@pec.example",
        "subject": f"Avviso n. {number}",
        "body": "<p>In allegato l'avviso.</p>",
        "attachments": [{"name": f"avviso-{number}.pdf", "file": FILE}],
    }
    for number in range(1, 31)
]
NO_PROOF = ("message.failed", "message.cancelled", "job.rejected")

api = requests.Session()
api.headers["Authorization"] = f"Bearer {os.environ['TOKEN']}"


def call(method: str, path: str, **of: Any) -> requests.Response:
    """Repeat the request until it is answered. Exit with what is wrong with it, if it was refused."""
    while True:
        seconds = 1.0
        try:
            answer = api.request(method, GATEWAY + path, timeout=60, **of)
        except requests.RequestException as error:
            print(f"No answer ({error}): the request is repeated.", file=sys.stderr)
        else:
            if answer.ok:
                return answer
            if answer.status_code != 429 and answer.status_code < 500:
                sys.exit(f"{method} {path}: {answer.status_code} {answer.text}")
            seconds = float(answer.headers.get("Retry-After", 5))
            answer.close()
        time.sleep(seconds)  # as the gateway asked


def events(cursor: str | None) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield each event after the cursor, with its own cursor. First comes where the stream begins, without an event."""
    headers = {} if cursor is None else {"Last-Event-ID": cursor}
    with call("GET", "/v1/events/stream", headers=headers, stream=True) as stream:
        position, data = "", ""
        for line in stream.iter_lines(chunk_size=1):
            name, _, value = line.decode().partition(": ")
            if name == "id":
                position = value
            elif name == "data":
                data = value
            elif not line and position:
                yield position, json.loads(data) if data else None
                data = ""


def download(message_id: str, place: Path) -> None:
    """Write the bundle under its name once all of it has come."""
    part = place.with_suffix(".part")
    part.write_bytes(call("GET", f"/v1/messages/{message_id}/proof").content)
    part.replace(place)


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    kept = folder / "cursor"
    if not kept.exists():  # before anything is sent: no event of it is missed
        keep(kept, next(events(None))[0])
    sent = [call("POST", "/v1/messages", json=one).json()["id"] for one in MESSAGES]
    awaited = {one for one in sent if not (folder / name(one, "json")).exists()}
    while awaited:
        try:
            for cursor, event in events(kept.read_text()):
                if event is not None:
                    handle(event, awaited, folder)
                    keep(kept, cursor)  # an event that was not handled to its end comes again
                if not awaited:
                    break
        except requests.RequestException as error:
            print(f"The stream broke off ({error}): it is resumed.", file=sys.stderr)
        time.sleep(0.2)  # so that a gateway that closes at once is not flooded
    print(f"Every message has ended: see {folder}.")


def handle(event: dict[str, Any], awaited: set[str], folder: Path) -> None:
    """Note the end of a message. Its proof is complete with it, or some seconds later."""
    kind, data = event["type"], event["data"]
    if (one := data.get("id")) not in awaited:
        return
    is_lost = kind in NO_PROOF or (kind == "message.expired" and "accepted_at" not in data)
    if kind == "proof.complete":
        download(one, folder / name(one, "zip"))
    elif not is_lost:
        return
    keep(folder / name(one, "json"), json.dumps(event))
    awaited.remove(one)
    print(f"{one}: {data.get('state', kind)}, {len(awaited)} to come")


def name(message_id: str, suffix: str) -> str:
    return f"{message_id.partition(':')[2]}.{suffix}"


def keep(place: Path, text: str) -> None:
    """Write the file as a whole or not at all."""
    part = place.with_suffix(".part")
    part.write_text(text)
    part.replace(place)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
