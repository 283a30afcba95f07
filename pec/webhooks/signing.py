"""Signatures by which a consumer knows that an event is ours: Standard Webhooks, scheme v1 (HMAC-SHA256)."""

import base64
import hashlib
import hmac

from pydantic import SecretStr


def signed_headers(secrets: SecretStr, event_id: str, body: bytes, timestamp: int) -> dict[str, str]:
    """Return the three headers of one try.

    `secrets` are `whsec_…`, separated by spaces. Each signs, so that a consumer can rotate its secret when it likes.
    `timestamp` is the present in epoch seconds at every try: consumers refuse what is older than 5 minutes.
    """
    signed = f"{event_id}.{timestamp}.".encode() + body
    signatures = [_signature(secret, signed) for secret in secrets.get_secret_value().split()]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"
