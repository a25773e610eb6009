"""Validates a rendered file against its model, and says in plain words what is wrong.

pydantic's own messages name types and unions that authors never wrote, and its ``loc`` mixes their keys with labels of
union branches. Both end here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from lineform.loading.shapes import MISSING, fields_of, models_at, step_into
from lineform.model import actions, audience, occasions
from lineform.model.address import NAME
from lineform.model.base import Spec
from lineform.model.origin import Path, dotted
from lineform.model.problem import did_you_mean
from lineform.plural import plural

_DID_YOU_MEAN = re.compile(r"did you mean '(.+)'\?")


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong with a resource. `at_key` where the key itself is meant, not its value."""

    path: Path
    code: str
    message: str
    hint: str = ""
    at_key: bool = False
    warning: bool = False


def validate(model: type[Spec], tree: Any) -> tuple[Spec | None, list[FieldProblem]]:
    """The resource, or everything that is wrong with it."""
    try:
        return model.model_validate(tree), []
    except ValidationError as error:
        return None, _problems(model, tree, error)


@dataclass(frozen=True, slots=True)
class Located:
    """One of pydantic's errors, at its place in what was written."""

    path: Path
    split: Path
    """Where the first union stands, and what pydantic calls its branch; empty where there is none."""
    branch: str
    kind: str
    message: str
    context: Mapping[str, Any]
    value: Any
    place: Path
    """Like `path`, with the place in a list of which the author wrote the one item alone."""


def _problems(model: type[Spec], tree: Any, error: ValidationError) -> list[FieldProblem]:
    errors = located(error, tree)
    groups: dict[Path | None, list[Located]] = {}
    out: list[FieldProblem] = []
    for one in errors:
        if one.branch:
            groups.setdefault(one.split, []).append(one)
        else:
            out.append(_said(model, tree, one))
    for split, group in groups.items():
        out += _collapsed(model, tree, split or (), group)
    seen: dict[tuple[Path, str], FieldProblem] = {}
    misspelled = {(*p.path[:-1], name) for p in out if p.code == "E101" for name in _meant(p)}
    for problem in out:
        if problem.code != "E102" or problem.path not in misspelled:
            seen.setdefault((problem.path, problem.message), problem)
    return list(seen.values())


def _meant(unknown: FieldProblem) -> tuple[str, ...]:
    """The key that an unknown one probably should have been."""
    found = _DID_YOU_MEAN.fullmatch(unknown.hint)
    return (found[1],) if found else ()


def located(error: ValidationError, tree: Any) -> list[Located]:
    """Everything that a model said about `tree`."""
    errors = [_located(item, tree) for item in error.errors(include_url=False)]
    # pydantic counts only the valid items of a list, and calls it too short where the others were refused.
    return [one for one in errors if one.kind != "too_short" or len(one.value) < one.context["min_length"]]


def _located(item: Any, tree: Any) -> Located:
    """Walks along what was written: a step that does not exist there is a label of pydantic's, or the place in a list
    of which the author wrote the one item alone."""
    path: list[str | int] = []
    place: list[str | int] = []
    value = tree
    split: Path = ()
    branch = ""
    steps = item["loc"]
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        if (inner := step_into(value, step)) is not MISSING:
            path.append(step)
            place.append(step)
            value = inner
        elif last and item["type"] == "missing":
            path.append(step)
            place.append(step)
        elif isinstance(step, int):
            place.append(step)
        elif not branch and step != "[key]" and not step.startswith("<"):
            branch, split = str(step), tuple(path)
    context = item.get("ctx") or {}
    return Located(tuple(path), split, branch, item["type"], item["msg"], context, item.get("input"), tuple(place))


def _collapsed(model: type[Spec], tree: Any, split: Path, group: list[Located]) -> list[FieldProblem]:
    """One answer for the branches of a union: the branch that the author meant, or what all of them expect."""
    deeper = [one for one in group if len(one.path) > len(split)]
    sentences = [one for one in group if one.kind == "value_error"]
    if deeper and isinstance(_at(tree, split), Mapping | list):
        branches: dict[str, list[Located]] = {}
        for one in group:
            branches.setdefault(one.branch, []).append(one)
        meant = [
            b for b in branches.values() if all(len(one.path) > len(split) or one.kind == "value_error" for one in b)
        ]
        chosen = min(meant or [deeper], key=len)
        return [_said(model, tree, one) for one in chosen]
    if sentences:
        return [_said(model, tree, sentences[0])]
    known = [word for one in group if one.kind == "literal_error" for word in _words(one.context)]
    wanted = list(dict.fromkeys(_wanted(one) for one in group))
    near = did_you_mean(value, known) if isinstance(value := _at(tree, split), str) else ""
    return [FieldProblem(split, "E103", f"{_name(split)} must be {' or '.join(wanted)}{_found(value)}", near)]


def _at(tree: Any, path: Path) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def _said(model: type[Spec], tree: Any, one: Located) -> FieldProblem:
    name = _name(one.path)
    match one.kind:
        case "missing":
            hint = did_you_mean(str(one.path[-1]), _beside(tree, one.path))
            return FieldProblem(one.path, "E102", f"{name} is missing", hint)
        case "extra_forbidden":
            return _unknown_key(model, tree, one)
        case "value_error":
            text = str(one.context.get("error", one.message))
            return FieldProblem(one.path, "E103", f"{name} {text}")
        case "string_pattern_mismatch":
            return FieldProblem(one.path, "E103", f"{name} is not {PATTERNS[one.context['pattern']]}")
        case "too_short" | "too_long":
            return FieldProblem(one.path, "E103", f"{name} {_size(one)}")
        case kind if kind in _NO_MEMBER:
            union = _union_of(one)
            return FieldProblem(one.path, "E103", f"{name} {_no_member(union, one.value)}", _nearest(union, one.value))
    known = _words(one.context) if one.kind == "literal_error" else []
    near = did_you_mean(one.value, known) if isinstance(one.value, str) else ""
    hint = near or _form_hint(one)
    return FieldProblem(one.path, "E103", f"{name} must be {_wanted(one)}{_found(one.value)}", hint)


def _name(path: Path) -> str:
    return dotted(path) if path else "the file"


def _beside(tree: Any, path: Path) -> list[str]:
    found = _at(tree, path[:-1])
    return [key for key in found if isinstance(key, str)] if isinstance(found, Mapping) else []


def _unknown_key(model: type[Spec], tree: Any, one: Located) -> FieldProblem:
    parent, key = one.path[:-1], str(one.path[-1])
    models = models_at(model, one.place[:-1], tree)
    known = {name for found in models for name in fields_of(found)}
    if (beside := _key_beside(models, key, _at(tree, parent))) is not None:
        other, union = beside
        message = f"'{key}' cannot stand beside '{other}'" + (f" in {dotted(parent)}" if parent else "")
        return FieldProblem(one.path, "E101", message, union.several, at_key=True)
    hint = did_you_mean(key, known) or (f"known are {', '.join(sorted(known))}" if known else "")
    where = f" in {dotted(parent)}" if parent else ""
    return FieldProblem(one.path, "E101", f"unknown key '{key}'{where}", hint, at_key=True)


def _key_beside(models: list[type[BaseModel]], key: str, value: Any) -> tuple[str, _Union] | None:
    """The key that names what was written, where another one that could name it stands beside it."""
    union = next((_UNIONS_OF_MODELS[model] for model in models if model in _UNIONS_OF_MODELS), None)
    if union is None or key not in union.keys or not isinstance(value, Mapping):
        return None
    other = next((name for name in union.keys if name in value), key)
    return None if other == key else (other, union)


def _size(one: Located) -> str:
    low, high = one.context.get("min_length"), one.context.get("max_length")
    count = one.context.get("actual_length", 0)
    if one.kind == "too_short":
        return "is empty" if not count else f"has {plural(count, 'item')}; at least {low} are needed"
    return f"has {plural(count, 'item')}; at most {high} {'is' if high == 1 else 'are'} allowed"


def _words(context: Mapping[str, Any]) -> list[str]:
    text = str(context.get("expected", ""))
    return [part.strip().strip("'") for part in text.replace(" or ", ", ").split(",") if part.strip()]


_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "none_required": "empty",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "finite_number": "a finite number",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
}


def _wanted(one: Located) -> str:
    if one.kind == "literal_error":
        words = _words(one.context)
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    if one.kind == "missing":
        return f"a list with {int(one.path[-1]) + 1} items" if isinstance(one.path[-1], int) else "complete"
    if one.kind == "string_pattern_mismatch":
        return PATTERNS[one.context["pattern"]]
    if one.kind in _NO_MEMBER:
        return _union_of(one).noun
    return _WANTED.get(one.kind, one.message[0].lower() + one.message[1:]).format(**one.context)


def _found(value: Any) -> str:
    """What was written instead; never a text itself, which may be a secret."""
    if value is None:
        return "; it is empty"
    if isinstance(value, bool):
        return f"; it is {'true' if value else 'false'}"
    if isinstance(value, int | float):
        return f"; it is the number {value}"
    if isinstance(value, Mapping):
        return "; it is a mapping"
    if isinstance(value, list | tuple):
        return f"; it is a list of {len(value)}"
    return ""


def _form_hint(one: Located) -> str:
    if one.kind == "string_type" and isinstance(one.value, int | float):
        return "put it in quotes"
    if one.kind == "string_type" and isinstance(one.value, Mapping):
        return "put a text that holds ': ' or begins with '{' in quotes"
    if one.kind in {"tuple_type", "list_type"} and isinstance(one.value, str | Mapping):
        return "begin each item with '- ', or write [one, two]"
    if one.path[-1:] == ("audience",) and isinstance(one.value, str):
        return "write everyone for all friends, or a mapping such as {segment: regulars}"
    return ""


_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_WEB = "an address that begins with https:// and holds no spaces"
PATTERNS = {
    f"^{NAME.pattern}$": "a name: up to 32 lower-case letters, digits, - and _, such as winter-sale",
    "^[a-z0-9][a-z0-9_-]{0,62}$": "a name: up to 63 lower-case letters, digits, - and _, such as winter-sale",
    "^[a-z][a-z0-9_]{0,62}$": "an attribute's name: lower-case letters, digits and _",
    rf"^campaign\.{NAME.pattern}$": "a campaign, written as campaign.winter-sale",
    f"^{NAME.pattern}/[A-F][1-6]$": "a menu's cell: its name, a slash and a cell from A1 to F6, such as main/A1",
    "^[A-F][1-6]$": "a cell of the grid: A1 is the first, F6 the last",
    f"^{_TIME}$": 'a time of day written as "HH:MM", from "00:00" to "23:59"',
    f"^{_TIME}-{_TIME}$": 'two times of day written as "HH:MM-HH:MM", such as "21:00-09:00"; the last is "23:59"',
    r"^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$": "a day or a local time, such as 2026-12-31 or 2026-12-31T18:00",
    r"^(today|\d{4}-\d\d-\d\d)$": "a day such as 2026-12-31, or the word today",
    "^U[0-9a-f]{32}$": "a bot's user id: U and 32 hexadecimal digits (`lineform doctor` shows it)",
    "^@[a-z0-9._-]{1,20}$": "an account's basic id, such as @aoba",
    "^[0-9]{10}-[A-Za-z0-9]{4,20}$": "the id of a LIFF app, such as 1234567890-AbcdEfgh",
    "^[A-Z][A-Z0-9_]*$": "the name of an environment variable, such as AOBA_LINE_TOKEN",
    r"^https://[a-z0-9.-]+(:\d{1,5})?$": "an address without a path, such as https://go.example.jp",
    r"^https://\S{1,1990}$": _WEB,
    r"^https://[^\s#]+$": f"{_WEB} or #",
    r"^https://[^\s/@?#]+(/[^\s#]*)?$": f"{_WEB}, # or @",
}
"""How a text of each pattern is written."""


@dataclass(frozen=True, slots=True)
class _Union:
    """Mappings of which each is named by one of its keys."""

    noun: str
    plural: str
    keys: tuple[str, ...]
    several: str
    """How more than one of them is written."""
    empty: str = ""
    """What is to be said about an empty one."""
    words: tuple[str, ...] = ()
    """What may be written as a word by itself."""


_CONDITIONS = _Union(
    "a condition",
    "Conditions",
    audience.KEYS,
    "write all: or any: with one item for each",
    "; everyone must be written",
)
_ACTIONS = _Union("an action", "Actions", actions.KEYS, "write one item of the list for each")
_TRIGGERS = _Union(
    "an occasion",
    "Occasions",
    occasions.KEYS,
    "write one item of a list for each; any of them will do",
    words=occasions.WORDS,
)
_OCCASIONS = replace(_TRIGGERS, keys=occasions.OCCASION_KEYS, words=())
_UNIONS = {
    "_condition_named": _CONDITIONS,
    "_action_named": _ACTIONS,
    "_trigger_named": _TRIGGERS,
    "_occasion_named": _OCCASIONS,
}
"""By the function that finds the key."""
_NO_MEMBER = frozenset({"union_tag_invalid", "union_tag_not_found"})
_UNIONS_OF_MODELS: dict[type[BaseModel], _Union] = {
    model: union
    for annotation, union in (
        (audience.Condition, _CONDITIONS),
        (actions.Action, _ACTIONS),
        (occasions.Trigger, _TRIGGERS),
    )
    for model in models_at(annotation, (), MISSING)
}


_SEEN = (
    "LINE tells nobody who saw a message; an audience of LINE's can hold them: "
    "kind audience with 'from: {impressions: campaign.NAME}'"
)
_AGE = (
    "LINE tells it of nobody; ask your friends for their birthday and write {age_of: birthday, at_least: 20}, "
    "or let LINE estimate it for a narrowcast: 'audience: {demographic: …}'"
)
_ESTIMATED = (
    "LINE tells it of nobody; it estimates it for narrowcasts: 'audience: {demographic: …}', "
    "or ask your friends and declare an attribute"
)
_UNKNOWABLE = {
    **dict.fromkeys(("open", "opened", "read", "impression", "impressions", "seen", "viewed"), _SEEN),
    **dict.fromkeys(("os_version", "device", "app_version"), "nobody can know it: LINE tells it of no friend"),
    "age": _AGE,
    **dict.fromkeys(("os", "app", "gender", "area", "prefecture", "region"), _ESTIMATED),
}
"""What people ask for and cannot be had of a single friend, with the reason and the way around."""


def _union_of(one: Located) -> _Union:
    return _UNIONS[str(one.context["discriminator"]).rstrip("()")]


def _no_member(union: _Union, value: Any) -> str:
    keys = ", ".join(union.keys)
    bare = union.noun.partition(" ")[2]
    if isinstance(value, Mapping) and not value:
        return f"is an empty {bare}{union.empty}. {union.plural} begin with one of {keys}"
    if (refused := _refused(union, value)) is not None:
        return f"cannot ask for '{refused}': {_UNKNOWABLE[refused]}"
    if isinstance(value, Mapping):
        return f"is no {bare}: it needs one of the keys {keys}"
    words = "".join(f"{word}, " for word in union.words) + ("or " if union.words else "")
    return f"must be {union.noun}: {words}a mapping with one of the keys {keys}{_found(value)}"


def _refused(union: _Union, value: Any) -> str | None:
    """What was asked for and nobody can know."""
    if union is not _CONDITIONS or not isinstance(value, Mapping):
        return None
    return next((key for key in value if key in _UNKNOWABLE), None)


def _nearest(union: _Union, value: Any) -> str:
    if isinstance(value, str):
        return f"write {{{value}: …}}" if value in union.keys else did_you_mean(value, union.words)
    first = next(iter(value), None) if isinstance(value, Mapping) else None
    return did_you_mean(first, union.keys) if isinstance(first, str) and _refused(union, value) is None else ""
