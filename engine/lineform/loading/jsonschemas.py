"""JSON Schemas (draft 2020-12) of every kind, from the models themselves, so that an editor helps while one types.

A schema is never stricter than the models: wherever a value may stand, an expression may stand too.
"""

from __future__ import annotations

from typing import Any

from lineform.lineapi.jsonschema import DIALECT, author_message_parts
from lineform.loading.fielddocs import documented_models, field_docs
from lineform.model.address import Kind
from lineform.model.catalogue import SPECS

Schema = dict[str, Any]

COMBINED = "lineform"
_EXPRESSION: Schema = {"$ref": "#/$defs/Expression"}
_WITHOUT_EXPRESSIONS = frozenset({Kind.PROJECT, Kind.CLIENT, Kind.TEST})
"""Kinds whose own settings are no templates."""
_HEADER = frozenset({"kind", "name"})
_FILE: Schema = {
    "type": "string",
    "pattern": r"\.(ya?ml|json)$",
    "description": "A file, relative to this one, such as messages/card.yaml.",
}
_PART: Schema = {
    "type": "object",
    "properties": {"part": _FILE},
    "required": ["part"],
    "additionalProperties": False,
    "description": "Stands for the content of another file.",
}
_EACH: Schema = {
    "type": "object",
    "properties": {
        "each": {"description": "The list: an expression, with or without braces, such as friend.interests."},
        "as": {"type": "string", "description": "What each item is called inside `do`; item, where nothing is said."},
        "do": {"description": "What to make of each item."},
        "limit": {"type": "integer", "minimum": 1, "description": "At most this many items."},
        "else": {"description": "What stands here where there are no items."},
    },
    "required": ["each", "do"],
    "additionalProperties": False,
    "description": "Repeats `do` for each item of a list, when the message is made.",
}


def schema(kind: Kind | str) -> Schema:
    """The schema of one kind of file."""
    kind = Kind(kind)
    own, defs = _parts(kind)
    return {"$schema": DIALECT, **own, "$defs": defs}


def all_schemas() -> dict[str, Schema]:
    """Every schema by the stem of its file: one for each kind, and ``lineform`` for all of them."""
    return {COMBINED: combined_schema(), **{kind.value: schema(kind) for kind in SPECS}}


def combined_schema() -> Schema:
    """One schema for every file of a workspace: `kind` decides which one holds."""
    defs: dict[str, Schema] = {}
    choices: list[Schema] = []
    for kind in SPECS:
        own, inner = _parts(kind)
        _merge(defs, inner)
        name = own["title"]
        _merge(defs, {name: own})
        choices.append({"if": {"properties": {"kind": {"const": kind.value}}}, "then": {"$ref": f"#/$defs/{name}"}})
    return {
        "$schema": DIALECT,
        "title": "A file of a lineform workspace",
        "type": "object",
        "properties": {"kind": {"enum": [kind.value for kind in SPECS], "description": "What this file declares."}},
        "required": ["kind", "name"],
        "allOf": choices,
        "$defs": defs,
    }


def _merge(into: dict[str, Schema], more: dict[str, Schema]) -> None:
    for name, one in more.items():
        if into.setdefault(name, one) != one:
            raise ValueError(f"two schemas are called {name}")


def _parts(kind: Kind) -> tuple[Schema, dict[str, Schema]]:
    """The schema of a kind without its definitions, and those."""
    own = SPECS[kind].model_json_schema()
    defs: dict[str, Schema] = own.pop("$defs", {})
    models = documented_models()
    for name, one in ((SPECS[kind].__name__, own), *defs.items()):
        for key, text in field_docs(models[name]).items():
            one["properties"][key].setdefault("description", text)
    own["properties"]["kind"] = {"const": kind.value, "description": "What this file declares."}
    if kind not in _WITHOUT_EXPRESSIONS:
        for name, one in own["properties"].items():
            own["properties"][name] = one if name in _HEADER else _open(one)
        defs = {name: _open_fields(one) for name, one in defs.items()}
        defs["Expression"] = author_message_parts()[1]["Expression"]
    if kind is Kind.CAMPAIGN:
        _with_messages(own, defs)
    elif "SendAction" in defs:
        _with_sends(defs)
    return own, defs


def _open_fields(one: Schema) -> Schema:
    """A definition whose fields accept expressions; not the whole, so that a condition stays a condition."""
    if "properties" in one:
        return {**one, "properties": {name: _open(field) for name, field in one["properties"].items()}}
    return one


def _open(one: Schema) -> Schema:
    """A schema that accepts an expression as well."""
    if one.get("type") == "string" and not one.keys() & {"pattern", "format", "enum", "const", "maxLength"}:
        return one
    if one.get("type") == "array" and "items" in one:
        one = {**one, "items": _open(one["items"])}
    notes: Schema = {key: one[key] for key in ("description", "title", "default", "examples") if key in one}
    bare = {key: value for key, value in one.items() if key not in notes}
    options = bare["anyOf"] if bare.keys() == {"anyOf"} else [bare]
    return {**notes, "anyOf": [*options, _EXPRESSION]}


def _with_sends(defs: dict[str, Schema]) -> None:
    """Messages inside of actions and questions."""
    _message_parts(defs)
    send = defs["SendAction"]["properties"]["send"]
    defs["SendAction"]["properties"]["send"] = {**_MESSAGES, "description": send.get("description", "Messages.")}
    if "Step" in defs:
        send = defs["Step"]["properties"]["send"]
        defs["Step"]["properties"]["send"] = {**_MESSAGES, "description": send.get("description", "Messages.")}
    if "Question" in defs:
        ask = defs["Question"]["properties"]["ask"]
        texts = [one for one in ask["anyOf"] if one.get("type") == "string"]
        defs["Question"]["properties"]["ask"] = {**ask, "anyOf": [*texts, {**_MESSAGES, "maxItems": 3}]}


_MESSAGES: Schema = {"type": "array", "minItems": 1, "maxItems": 5, "items": {"$ref": "#/$defs/Message"}}


def _with_messages(own: Schema, defs: dict[str, Schema]) -> None:
    _message_parts(defs)
    own["properties"]["messages"] = {**_MESSAGES, "description": own["properties"]["messages"].get("description", "")}
    audience = own["properties"]["audience"]
    everyone = {"const": "everyone", "description": "All friends who have not blocked the account."}
    own["properties"]["audience"] = {**audience, "anyOf": [everyone, *audience["anyOf"]]}


def _message_parts(defs: dict[str, Schema]) -> None:
    message, line = author_message_parts()
    for option in message["oneOf"]:
        if "flex" in option.get("properties", {}):
            option["properties"]["flex"] = {"anyOf": [option["properties"]["flex"], _FILE]}
    _merge(defs, {name: _repeatable(one) for name, one in line.items()})
    _merge(defs, {"Each": _EACH, "Part": _PART})
    _merge(defs, {"Message": {"anyOf": [_repeatable(message), *_ITEMS]}})


_ITEMS: list[Schema] = [{"$ref": "#/$defs/Each"}, {"$ref": "#/$defs/Part"}]


def _repeatable(one: Any) -> Any:
    """A schema of messages in which every list takes repetitions and parts of other files."""
    if isinstance(one, list):
        return [_repeatable(item) for item in one]
    if not isinstance(one, dict):
        return one
    out = {key: _repeatable(value) for key, value in one.items()}
    if out.get("type") == "array" and isinstance(out.get("items"), dict):
        out["items"] = {"anyOf": [out["items"], *_ITEMS]}
    return out
