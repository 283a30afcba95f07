"""TypeScript types of the contract, written from its JSON Schemas: `python -m tools.typescript > types.d.ts`."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from pec.event_schema import event_schema
from pec.jobs import JOB

_HEAD = """\
// The contract's types, generated from its JSON Schemas by `make docs`: do not edit.
//
// `type` decides what `data` is: after `if (event.type === "batch.completed")` it has `counts`.
// A newer version may send types and fields that are not here: ignore what you do not know.
"""
_SCALARS = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def typescript() -> str:
    """Return the declarations: `PecJob`, `PecEvent` and what they are made of."""
    roots = {
        "PecJob": ("A job: the field `job` of the stream pec:jobs.", JOB.json_schema()),
        "PecEvent": ("An event: the field `event` of pec:events, and a webhook's body.", event_schema()),
    }
    parts: dict[str, str] = {}
    for name, (what, schema) in roots.items():
        parts |= {one: _declared(one, found) for one, found in schema["$defs"].items()}
        parts[name] = _declared(name, {**schema, "description": what})
    return "\n".join([_HEAD, *parts.values()])


def _declared(name: str, schema: dict[str, Any]) -> str:
    comment = _comment(schema.get("description"), "")
    if "properties" in schema:
        return f"{comment}export interface {name} {_object(schema, '')}\n"
    return f"{comment}export type {name} ={_spaced(_type(schema, ''))};\n"


def _type(schema: dict[str, Any], indent: str) -> str:
    match schema:
        case {"$ref": reference}:
            return str(reference).rpartition("/")[2]
        case {"const": value}:
            return json.dumps(value)
        case {"enum": values}:
            return " | ".join(map(json.dumps, values))
        case {"anyOf": choices}:
            return " | ".join(dict.fromkeys(_type(one, indent) for one in choices))
        case {"allOf": parts}:
            return " & ".join(_type(one, indent) for one in parts)
        case {"oneOf": choices}:
            return "".join(f"\n  | {_type(one, '  ')}" for one in choices)
    return _structure(schema, indent)


def _structure(schema: dict[str, Any], indent: str) -> str:
    match schema:
        case {"type": "array"}:
            items = _type(schema["items"], indent)
            return f"({items})[]" if " | " in items else f"{items}[]"
        case {"properties": _}:
            return _object(schema, indent)
        case {"additionalProperties": dict(values), "propertyNames": names}:
            return f"Partial<Record<{_type(names, indent)}, {_type(values, indent)}>>"
        case {"additionalProperties": dict(values)}:
            return f"Record<string, {_type(values, indent)}>"
    return _SCALARS.get(schema.get("type", ""), "unknown")


def _spaced(written: str) -> str:
    return written if written.startswith("\n") else f" {written}"


def _object(schema: dict[str, Any], indent: str) -> str:
    return "\n".join(["{", *_properties(schema, f"{indent}  "), f"{indent}}}"])


def _properties(schema: dict[str, Any], indent: str) -> Iterator[str]:
    required = schema.get("required", schema["properties"] if "type" not in schema else ())
    for name, found in schema["properties"].items():
        optional = "" if name in required else "?"
        yield f"{_comment(found.get('description'), indent)}{indent}{name}{optional}: {_type(found, indent)};"


def _comment(text: str | None, indent: str) -> str:
    return f"{indent}/** {' '.join(text.split())} */\n" if text else ""


if __name__ == "__main__":
    sys.stdout.write(typescript())
