"""Receive events and verify that they are ours, with `pip install standardwebhooks`:

WEBHOOK_SECRET=whsec_… python examples/receive.py 3000
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))  # its bytes as they came: they are signed
        try:
            event = webhook.verify(body, {name.lower(): value for name, value in self.headers.items()})
        except WebhookVerificationError as error:
            self.send_error(401, str(error))
            return
        # An event may come twice, with the same webhook-id: keep the ids that you have handled in your database.
        print(self.headers["webhook-id"], event["type"], event["data"].get("id", ""), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing of each request."""


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    with ThreadingHTTPServer(("127.0.0.1", port), Receiver) as server:
        print(f"Listening on http://127.0.0.1:{server.server_port}", flush=True)
        print(
            "Next: name it in PEC_WEBHOOKS__ENDPOINTS, set PEC_WEBHOOKS__ALLOW_PRIVATE=true, restart the workers"
        )
        server.serve_forever()
