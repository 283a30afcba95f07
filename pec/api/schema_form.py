"""How a description states fields that can be left out, so that generators of clients read it as meant. Pure."""

import json
from typing import Any

Schema = dict[str, Any]


def plain(description: Schema) -> Schema:
    """Return the description with optional fields that are absent, not null, and defaults in words.

    Generators make a field with a default one that every program must name, and one that may be null one that every
    program must check twice. Here an answer leaves out what does not apply.
    """
    found: Schema = _plain(description)
    return found


def _plain(node: Any) -> Any:
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    stated = {name: _plain(value) for name, value in node.items()}
    if isinstance(node.get("properties"), dict):
        required = node.get("required", ())
        stated["properties"] = {
            name: _untitled(one) if name in required else _untitled(_optional(one))
            for name, one in stated["properties"].items()
        }
    if "in" in node and isinstance(node.get("schema"), dict):  # a parameter
        stated["schema"] = _untitled(_optional(stated["schema"]))
    return stated


def _untitled(schema: Any) -> Any:
    """Return the schema without its title, which says its name again."""
    return (
        {name: value for name, value in schema.items() if name != "title"}
        if isinstance(schema, dict)
        else schema
    )


def _optional(schema: Any) -> Any:
    if not isinstance(schema, dict) or "const" in schema:
        return schema
    default = schema.get("default")
    stated = {name: value for name, value in schema.items() if name != "default"}
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(kinds) < len(schema.get("anyOf", ())):
        del stated["anyOf"]
        stated |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if default not in (None, [], ""):
        about = [schema["description"]] if "description" in schema else []
        stated["description"] = "; ".join([*about, f"{json.dumps(default)} if absent"])
    return stated
