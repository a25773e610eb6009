"""LINE's OpenAPI schemas made into JSON Schema that really checks them.

An OpenAPI validator reads `discriminator` as a hint and lets every child of `Message` or `Action` pass as its bare
parent. Here each such parent becomes a choice by its type, its children hold all that they inherit, and a property that
the specification does not name is an error.
"""

from __future__ import annotations

import functools
import json
import uuid
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from support import line_openapi

_PREFIX = "#/components/schemas/"
_NUMBER = {"type": "integer"}
SHOWN_IN_EXAMPLES: dict[str, dict[str, dict[str, Any]]] = {
    "manage-audience": {
        "AudienceGroup": {"expireTimestamp": _NUMBER},
        "CreateImpBasedAudienceGroupResponse": {
            "createRoute": {"enum": ["MESSAGING_API"]},
            "permission": {"enum": ["READ", "READ_WRITE"]},
            "expireTimestamp": _NUMBER,
            "isIfaAudience": {"type": "boolean"},
        },
    }
}
"""What LINE's reference and the specification's own examples show, and its schemas leave out."""
_formats = FormatChecker(formats=[])


@_formats.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_formats.checks("uuid", raises=ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or str(uuid.UUID(value)) == value.lower()


@functools.cache
def definitions(name: str) -> dict[str, Any]:
    """The schemas of one file, ready to be checked against."""
    raw: dict[str, Any] = line_openapi.spec(name)["components"]["schemas"]
    found = {schema: _definition(schema, raw) for schema in raw}
    for schema, properties in SHOWN_IN_EXAMPLES.get(name, {}).items():
        found[schema]["properties"] |= properties
    return found


def violations(name: str, schema: dict[str, Any], value: object) -> list[str]:
    """What is wrong with `value`, each with its place; `schema` is one of the file `name`, as it stands there."""
    wrong = _validator(name, json.dumps(schema)).iter_errors(value)
    return [f"{error.json_path}: {error.message[:300]}" for error in wrong]


@functools.cache
def _validator(name: str, schema: str) -> Draft202012Validator:
    raw = line_openapi.spec(name)["components"]["schemas"]
    whole = {**_converted(json.loads(schema), raw), "components": {"schemas": definitions(name)}}
    return Draft202012Validator(whole, format_checker=_formats)


def _definition(name: str, raw: dict[str, Any]) -> dict[str, Any]:
    schema = raw[name]
    if "discriminator" not in schema:
        return _converted(schema, raw)
    key, mapping = schema["discriminator"]["propertyName"], schema["discriminator"]["mapping"]
    choices = [
        {"if": _is(key, word), "then": _converted(raw[ref.removeprefix(_PREFIX)], raw)} for word, ref in mapping.items()
    ]
    known = {"type": "object", "required": [key], "properties": {key: {"enum": list(mapping)}}}
    return {"allOf": [known, *choices]}


def _is(key: str, word: str) -> dict[str, Any]:
    return {"type": "object", "required": [key], "properties": {key: {"const": word}}}


def _converted(schema: dict[str, Any], raw: dict[str, Any]) -> dict[str, Any]:
    """A schema with its inheritance written out, closed to unknown properties, and `nullable` in JSON Schema's way."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    if "oneOf" in schema:
        return {"anyOf": [_converted(choice, raw) for choice in schema["oneOf"]]}
    flat = _flat(schema, raw)
    out = {key: flat[key] for key in _PLAIN if key in flat}
    if flat["properties"]:
        out["properties"] = {name: _converted(value, raw) for name, value in flat["properties"].items()}
        out["additionalProperties"] = False
    if isinstance(flat.get("additionalProperties"), dict):
        out["additionalProperties"] = _converted(flat["additionalProperties"], raw)
    if flat["required"]:
        out["required"] = sorted(flat["required"])
    if "items" in flat:
        out["items"] = _converted(flat["items"], raw)
    if flat.get("nullable"):
        return {"anyOf": [{"type": "null"}, out]}
    return out


_PLAIN = (
    "type", "enum", "format", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems",
)  # fmt: skip


def _flat(schema: dict[str, Any], raw: dict[str, Any]) -> dict[str, Any]:
    """A schema with everything it inherits; a parent that is a choice by type gives its own properties only."""
    if "$ref" in schema:
        return _flat(raw[schema["$ref"].removeprefix(_PREFIX)], raw)
    merged: dict[str, Any] = {"properties": {}, "required": set()}
    for parent in schema.get("allOf", ()):
        inherited = _flat(parent, raw)
        merged["properties"] |= inherited["properties"]
        merged["required"] |= inherited["required"]
    own = {key: value for key, value in schema.items() if key not in ("properties", "required", "allOf")}
    merged |= own
    merged["properties"] = {**merged["properties"], **schema.get("properties", {})}
    merged["required"] = merged["required"] | set(schema.get("required", ()))
    return merged
