"""A program for the PEC Massiva API, in Python. It sends with the vendor's host and token, and with the gateway's:

VENDOR_HOST=https://ws.pecmassiva.com TOKEN=... MAIL_SENDER=... MAIL_USERNAME=... MAIL_PASSWORD=... python vendor.py
"""

import base64
import os
import sys
import time

import requests

HOST = os.environ["VENDOR_HOST"]
MAILBOX = {"username": os.environ["MAIL_USERNAME"], "password": os.environ["MAIL_PASSWORD"]}

api = requests.Session()
api.headers["Authorization"] = f"Bearer {os.environ['TOKEN']}"

body = {
    **MAILBOX,
    "sender": os.environ["MAIL_SENDER"],
    "recipient": ["consegna@pec.example"],
    "subject": "Sollecito n. 2",
    "body": "<p>In allegato il sollecito.</p>",
    "attachments": [{"name": "sollecito-2.txt", "file": base64.b64encode(b"Sollecito").decode()}],
}
answer = api.post(f"{HOST}/send", json=body, timeout=60).json()
if not answer["success"]:
    sys.exit(answer["message"])
code = answer["message_id"]
print(f"Sent: {code}")

opened = {f"x-{name}": value for name, value in MAILBOX.items()}
while True:
    receipts = api.get(f"{HOST}/send/{code}", headers=opened, timeout=60).json().get("data", [])
    if any((one.get("subject") or one["object"]).startswith("CONSEGNA: ") for one in receipts):
        break
    time.sleep(1)  # the vendor's API has no event to wait for
print(f"CONSEGNA: {code}")
