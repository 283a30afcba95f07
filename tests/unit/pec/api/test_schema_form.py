"""Fields that can be left out are stated as absent, not as null, and their defaults in words."""

from typing import Any

from pydantic import BaseModel, Field

from pec.api.schema_form import plain


class Stated(BaseModel):
    needed: str | None
    left_out: str | None = Field(None, description="a name")
    either: int | str | None = None
    priority: int = Field(5, description="higher first")
    together: bool = False
    some: list[str] = []


def properties() -> dict[str, Any]:
    found: dict[str, Any] = plain(Stated.model_json_schema())["properties"]
    return found


def test_a_field_that_can_be_left_out_is_never_null_and_has_no_default() -> None:
    found = properties()

    assert found["left_out"] == {"type": "string", "description": "a name"}
    assert found["either"] == {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    assert "default" not in str(found)


def test_a_default_that_says_something_is_said_in_words() -> None:
    found = properties()

    assert found["priority"]["description"] == "higher first; 5 if absent"
    assert found["together"]["description"] == "false if absent"
    assert "description" not in found["some"]


def test_a_field_that_must_be_there_may_be_null() -> None:
    assert {"type": "null"} in properties()["needed"]["anyOf"]


def test_a_parameter_is_stated_alike() -> None:
    parameter = {
        "name": "q",
        "in": "query",
        "schema": {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "Q"},
    }

    assert plain({"parameters": [parameter]}) == {
        "parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}]
    }
