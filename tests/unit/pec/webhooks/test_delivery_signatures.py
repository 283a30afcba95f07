"""The public library verifies our signatures."""

import time

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from pec.webhooks.delivery import signed_headers
from tests.receiver import a_secret

BODY = '{"type":"message.delivered","data":{"recipient":"società@pec.example"}}'.encode()


def test_the_library_verifies_our_signature() -> None:
    secret = a_secret()

    headers = signed_headers(SecretStr(secret), "evt_1", BODY, int(time.time()))

    assert Webhook(secret).verify(BODY, headers)["type"] == "message.delivered"


def test_while_rotating_either_secret_verifies() -> None:
    old, new = a_secret(), a_secret()

    headers = signed_headers(SecretStr(f"{old} {new}"), "evt_1", BODY, int(time.time()))

    assert Webhook(old).verify(BODY, headers)
    assert Webhook(new).verify(BODY, headers)


@pytest.mark.parametrize(
    "changed",
    [{"webhook-id": "evt_2"}, {"webhook-timestamp": str(int(time.time()) - 60)}],
)
def test_the_signature_covers_id_and_timestamp(changed: dict[str, str]) -> None:
    secret = a_secret()
    headers = signed_headers(SecretStr(secret), "evt_1", BODY, int(time.time()))

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers | changed)


def test_the_signature_covers_the_body() -> None:
    secret = a_secret()
    headers = signed_headers(SecretStr(secret), "evt_1", BODY, int(time.time()))

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY.replace(b"delivered", b"expired"), headers)


def test_it_is_the_signature_of_the_specification() -> None:
    # the example of https://docs.svix.com/receiving/verifying-payloads/how-manual
    secret = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    headers = signed_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', 1614265330)

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
