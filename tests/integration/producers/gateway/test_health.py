"""Supervisors and load balancers ask without a token."""

from tests.integration.producers.gateway.serving import Served


def test_a_gateway_lives_and_is_ready(gateway: Served) -> None:
    assert gateway.call("GET", "/health/live", token="").json() == {"status": "live"}
    assert gateway.call("GET", "/health/ready", token="").json() == {"status": "ready"}


def test_a_path_that_does_not_exist_is_answered_in_the_form_of_its_surface(gateway: Served) -> None:
    old, new = gateway.call("GET", "/nothing"), gateway.call("GET", "/v1/nothing")

    assert (old.status_code, old.json()) == (404, {"success": False, "message": "Not Found"})
    assert new.status_code == 404
    assert new.headers["Content-Type"] == "application/problem+json"
    assert new.json()["type"] == "urn:pec:problem:not_found"
    assert new.json()["detail"] == "there is no such path: /v1/openapi.json lists them"
