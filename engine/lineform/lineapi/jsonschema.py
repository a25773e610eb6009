"""The shapes as JSON Schema (draft 2020-12), so that an editor helps while a message is written.

A schema is never stricter than the checks: wherever a scalar is expected, a template expression may stand; a length
that LINE counts in grapheme clusters is only described, as JSON Schema counts code points and an emoji has several.
"""

from __future__ import annotations

from typing import Any, Final

from lineform.lineapi.actions import ACTIONS, Place
from lineform.lineapi.author import CARRIED_IN
from lineform.lineapi.counting import Unit
from lineform.lineapi.messages import COMMON, MESSAGE, MESSAGES
from lineform.lineapi.richmenu import RICHMENU
from lineform.lineapi.shapes import Bool, List, Num, Obj, Shape, Str, Table, Union, Url

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_EXPRESSION: Final = "#/$defs/Expression"


class Builder:
    """Turns shapes into schemas and collects the named ones in `defs`."""

    def __init__(self, repetition: Schema | None = None) -> None:
        self._repeats = repetition is not None
        self.defs: dict[str, Schema] = {
            **({"Repetition": repetition} if repetition is not None else {}),
            "Expression": {
                "type": "string",
                "pattern": r"\{\{",
                "description": "A template expression: {{ ... }}",
            },
        }

    def schema(self, shape: Shape) -> Schema:
        """The schema of `shape`; an object becomes a reference to a named definition."""
        match shape:
            case Str():
                return _described(self._text(shape), shape.doc, _length(shape))
            case Url():
                url = {"type": "string", "pattern": _url(shape), "maxLength": shape.max}
                return _described(_or_expression(url), shape.doc)
            case Num():
                return _described(_or_expression(_number(shape)), shape.doc)
            case Bool():
                return _described(_or_expression({"type": "boolean"}), shape.doc)
            case List():
                return _described(self._list(shape), shape.doc)
            case Table():
                key = {"pattern": f"^(?:{shape.key.pattern})$"}
                items = self.schema(shape.item)
                table = {
                    "type": "object",
                    "propertyNames": key,
                    "additionalProperties": items,
                    "maxProperties": shape.max,
                }
                return _described(table, shape.doc)
            case Union():
                options = [self.schema(variant) for variant in shape.variants.values()]
                return _described(options[0] if len(options) == 1 else {"oneOf": options}, shape.doc)
            case Obj():
                return self._reference(shape)
            case _:
                raise TypeError(f"no JSON Schema for {type(shape).__name__}")

    def short_form(self, kind: str) -> Schema:
        """The author's short form of one type of message."""
        shape = MESSAGES[kind]
        carrier = CARRIED_IN.get(kind)
        own = {key: item for key, item in shape.fields.items() if key != "type"}
        if carrier is not None:
            fields = {kind if key == carrier else key: self.schema(item) for key, item in own.items()}
            required = [kind if key == carrier else key for key in shape.required if key != "type"]
        else:
            inside = _object({k: self.schema(i) for k, i in own.items()}, [k for k in shape.required if k != "type"])
            if kind == "coupon":
                named: Schema = {"type": "string", "description": "A coupon of this workspace, by name."}
                inside = {"anyOf": [inside, named]}
            fields = {kind: inside, **{key: self.schema(item) for key, item in COMMON.items()}}
            required = [kind]
        return {**_object(fields, required), "description": f"A {kind} message."}

    def _reference(self, shape: Obj) -> Schema:
        if shape.name not in self.defs:
            named = self.defs[shape.name] = {}  # stands before its fields are read: a box may hold boxes
            named.update(_object({}, list(shape.required), closed=not shape.open))
            named["properties"] = {key: self.schema(item) for key, item in shape.fields.items()}
            if shape.doc:
                named["description"] = f"{shape.doc[0].upper()}{shape.doc[1:]}."
        return {"$ref": f"#/$defs/{shape.name}"}

    def _text(self, shape: Str) -> Schema:
        text: Schema = {"type": "string"}
        if shape.min:
            text["minLength"] = shape.min
        if shape.pattern is not None:
            options: list[Schema] = [{**text, "pattern": f"^(?:{shape.pattern.pattern})$"}]
            if shape.words:
                options.insert(0, {"enum": list(shape.words)})
            return {"anyOf": [*options, {"$ref": _EXPRESSION}]}
        if shape.words:
            return {"const": shape.words[0]} if len(shape.words) == 1 else _or_expression({"enum": list(shape.words)})
        if shape.max is not None and shape.unit is Unit.UTF16:
            return _or_expression({**text, "maxLength": shape.max})
        return text

    def _list(self, shape: List) -> Schema:
        item = self.schema(shape.item)
        items: Schema = {"type": "array", "items": item}
        if self._repeats:
            items["items"] = {"anyOf": [item, {"$ref": "#/$defs/Repetition"}]}
        elif shape.min:
            items["minItems"] = shape.min
        if shape.max is not None:
            items["maxItems"] = shape.max
        return items


def _object(fields: dict[str, Schema], required: list[str], *, closed: bool = True) -> Schema:
    schema: Schema = {"type": "object", "properties": fields}
    if required:
        schema["required"] = required
    if closed:
        schema["additionalProperties"] = False
    return schema


def _number(shape: Num) -> Schema:
    number: Schema = {"type": "integer" if shape.whole else "number"}
    if shape.min is not None:
        number["minimum"] = shape.min
    if shape.max is not None:
        number["maximum"] = shape.max
    return number


def _url(shape: Url) -> str:
    return "^(?:" + "|".join("".join(f"[{c}{c.upper()}]" for c in scheme) for scheme in shape.schemes) + "):"


def _or_expression(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"$ref": _EXPRESSION}]}


def _length(shape: Str) -> str:
    return "" if shape.max is None else f"At most {shape.max:,} {shape.unit.value}."


def _described(schema: Schema, *sentences: str) -> Schema:
    text = " ".join(sentence for sentence in sentences if sentence)
    return {**schema, "description": text} if text else schema


def _root(schema: Schema, builder: Builder, title: str) -> Schema:
    return {"$schema": DIALECT, "title": title, **schema, "$defs": builder.defs}


def message_schema() -> Schema:
    """A message in LINE's own form."""
    builder = Builder()
    return _root(builder.schema(MESSAGE), builder, "LINE message")


def author_message_parts(repetition: Schema | None = None) -> tuple[Schema, dict[str, Schema]]:
    """A message in either form, and the definitions it refers to, to be put under a larger schema's ``$defs``.

    `repetition` is the schema of what may stand in a list for any number of its items, where there is such a thing.
    """
    builder = Builder(repetition)
    short = [builder.short_form(kind) for kind in MESSAGES]
    own = [builder.schema(shape) for shape in MESSAGES.values()]
    return {"oneOf": [*short, *own]}, builder.defs


def author_message_schema(repetition: Schema | None = None) -> Schema:
    """A message in either form; `repetition` as in `author_message_parts`."""
    schema, defs = author_message_parts(repetition)
    return {"$schema": DIALECT, "title": "Message", **schema, "$defs": defs}


def richmenu_schema() -> Schema:
    """A rich menu object."""
    builder = Builder()
    return _root(builder.schema(RICHMENU), builder, "LINE rich menu")


def action_schema(place: Place) -> Schema:
    """An action that stands in `place`."""
    builder = Builder()
    return _root(builder.schema(ACTIONS[place]), builder, f"LINE action ({place.value})")
