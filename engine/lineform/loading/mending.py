"""What is left of a file that has faults, so that everything else in it is checked in the same run.

A wrong value gives way to one that says nothing, an unknown key is left out, and their places are remembered: what is
found there afterwards, or only because of what is missing there, was said already.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from lineform.loading.shapes import MISSING, fields_of, models_at, step_into
from lineform.loading.validation import FieldProblem, Located, located
from lineform.model.attributes import AttributesSpec
from lineform.model.audience import SegmentCondition, SegmentSpec
from lineform.model.base import Spec
from lineform.model.campaign import CampaignSpec
from lineform.model.client import ClientSpec, ExpectationSpec
from lineform.model.menu_rules import MenuRulesSpec
from lineform.model.origin import Path
from lineform.model.richmenu import ACTION_KEYS, NO_MENU, RichMenuSpec

_ROUNDS = 12
"""A repair may bring up what it hid; each time something larger is repaired."""


@dataclass(frozen=True, slots=True)
class Mended:
    """`spec` is None where nothing could be saved."""

    spec: Spec | None
    unsure: tuple[Path, ...]
    """Places of which nothing more is to be said."""
    lost: frozenset[str] = frozenset()
    """Words that may have been declared in these places."""


def mended(model: type[Spec], tree: Mapping[str, Any], name: str) -> Mended:
    """The resource that a faulty tree would be without its faults; `name` is the one that its file gives it."""
    left = copy.deepcopy(dict(tree))
    unsure: list[Path] = []
    for _ in range(_ROUNDS):
        try:
            spec = model.model_validate(left)
        except ValidationError as error:
            repaired = _round(model, left, located(error, left), name)
            if repaired is None:
                break
            unsure += repaired
        else:
            if model is not AttributesSpec:
                return Mended(spec, tuple(dict.fromkeys(unsure)))
            sections = fields_of(model).keys() & tree.keys()
            if any(len(path) == 1 and path[0] in sections and not _words(tree, [path]) for path in unsure):
                break  # a section without a word in it may have been meant to hold any
            return Mended(spec, tuple(dict.fromkeys(unsure)), _words(tree, unsure))
    return Mended(None, tuple(unsure))


def _round(model: type[Spec], tree: dict[str, Any], faults: Iterable[Located], name: str) -> list[Path] | None:
    """Takes out each fault that is not gone already; None where none could be."""
    changed = False
    out: list[Path] = []
    for one in faults:
        path = one.split if one.branch else one.path
        if any(path[: len(done)] == done for done in out):
            continue
        found = _repair(model, tree, one, path, name)
        changed = changed or found is not None
        out += found or ()
    return out if changed else None


def apart_from(unsure: Iterable[Path], problems: Iterable[FieldProblem]) -> list[FieldProblem]:
    """Problems that are no mere consequence of what was said about these places already."""
    places = list(unsure)
    return [
        problem
        for problem in problems
        if not any(_below(problem, path) or _follows(problem.code, path) for path in places)
    ]


_OF_ONE_NAME = frozenset({"E025", "E026"})
"""What is said about one name that a text reads, whatever else is wrong with the same text."""


def _below(problem: FieldProblem, path: Path) -> bool:
    same = problem.path == path and problem.code in _OF_ONE_NAME
    return not same and problem.path[: len(path)] == path


_FOLLOWING: tuple[tuple[Path, frozenset[str]], ...] = (
    (("grid",), frozenset({"E404", "E405", "E218"})),
    (("size",), frozenset({"E403", "E404", "E405", "E218"})),
    (("allow_test_word",), frozenset({"E284"})),
    (("skip_if_unknown",), frozenset({"E025"})),
    (("audience",), frozenset({"E118"})),
    (("capped",), frozenset({"E118"})),
    (("schedule",), frozenset({"E114", "E118"})),
    (("quiet_hours",), frozenset({"E114"})),
)
"""What a fault in one place makes others seem to be."""


def _follows(code: str, path: Path) -> bool:
    return any(path[: len(start)] == start and code in codes for start, codes in _FOLLOWING)


def _repair(model: type[Spec], tree: dict[str, Any], one: Located, path: Path, name: str) -> tuple[Path, ...] | None:
    """Takes one fault out of the tree: the places that it changed, or None where it could not."""
    if one.kind == "extra_forbidden":
        return _without(model, tree, path)
    if one.kind == "too_long" and path and isinstance(value := _at(tree, path), list):
        _at(tree, path[:-1])[path[-1]] = value[: one.context["max_length"]]
        return ()
    for depth in range(len(path), 0, -1):
        here = path[:depth]
        parent = _at(tree, here[:-1])
        if parent is MISSING:
            continue
        if (repair := _repair_of(model, here, tree, name)) is not None:
            old = step_into(parent, here[-1])
            new = repair(old)
            if new == old:
                new = repair(None)
            parent[here[-1]] = new
            return tuple(_changed(here, old, new))
        if isinstance(parent, dict) and here[-1] in parent and not _required(model, here, tree):
            del parent[here[-1]]
            return (here,)
    return None


def _at(tree: Any, path: Path) -> Any:
    for step in path:
        tree = step_into(tree, step)
    return tree


def _without(model: type[Spec], tree: dict[str, Any], path: Path) -> tuple[Path, ...]:
    """Without an unknown key. What it probably should have been called is as unsure as the key itself."""
    parent, key = _at(tree, path[:-1]), str(path[-1])
    parent.pop(path[-1], None)
    known = [name for found in models_at(model, path[:-1], tree) for name in fields_of(found)]
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    return (path, *((*path[:-1], name) for name in near if name not in parent))


def _required(model: type[Spec], path: Path, tree: Any) -> bool:
    found = models_at(model, path[:-1], tree)
    return any(
        info.is_required() for one in found for key, info in one.model_fields.items() if (info.alias or key) == path[-1]
    )


def _changed(path: Path, old: Any, new: Any) -> Iterator[Path]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = {**old, **new}
        yield from ((*path, key) for key in keys if step_into(old, key) != step_into(new, key))
    else:
        yield path


Repair = Callable[[Any], Any]
"""Makes a right value of a wrong one, keeping what it can; of None, one that says nothing."""


def _instead(value: Any) -> Repair:
    return lambda _: copy.deepcopy(value)


_AUDIENCES = ("where", "segment", "everyone", "demographic")
_CONDITION = {"tag": "-"}


def _audience(value: Any) -> Any:
    if not isinstance(value, dict):
        return {"everyone": True}
    chosen = next((key for key in _AUDIENCES if value.get(key) is not None), None)
    allowed = {"expect", *(("limit",) if chosen == "demographic" else ("exclude",))}
    kept = {key: one for key, one in value.items() if key in allowed}
    return {"everyone": True, **kept} if chosen is None else {chosen: value[chosen], **kept}


def _schedule(value: Any) -> Any:
    if not isinstance(value, dict):
        return {"at": "2000-01-01T00:00"}
    if value.get("cron") is not None:
        return {key: one for key, one in value.items() if key != "at"}
    if value.get("at") is not None:
        return {key: one for key, one in value.items() if key in {"at", "timezone", "if_late"}}
    return {**value, "cron": "0 0 1 1 *"}


_OUTSIDE = {"x": 10_000_000, "y": 0, "width": 1, "height": 1}
"""An area that lies over no other."""


def _cell(value: Any) -> Any:
    given = value if isinstance(value, dict) else {}
    places = [key for key in ("at", "bounds") if given.get(key) is not None]
    actions = [key for key in ACTION_KEYS if given.get(key) is not None]
    out = {key: one for key, one in given.items() if key not in {"at", "bounds", *ACTION_KEYS}}
    out |= {places[0]: given[places[0]]} if len(places) == 1 else {"bounds": dict(_OUTSIDE)}
    return out | ({actions[0]: given[actions[0]]} if actions else {"message": "-"})


_REPAIRS: dict[type[Spec], dict[Path, Repair]] = {
    CampaignSpec: {
        ("audience",): _audience,
        ("schedule",): _schedule,
        ("messages",): _instead([{}]),
        ("messages", 0): _instead({}),
    },
    SegmentSpec: {("where",): _instead(_CONDITION)},
    MenuRulesSpec: {("default",): _instead(NO_MENU)},
    RichMenuSpec: {("bar",): _instead("-"), ("cells",): _instead([_cell(None)]), ("cells", 0): _cell},
    ExpectationSpec: {
        ("campaign",): _instead("x"),
        ("now",): _instead("2000-01-01T00:00"),
        ("friends",): _instead([{"name": "x"}]),
        ("friends", 0): _instead({"name": "x"}),
    },
    ClientSpec: {
        ("title",): _instead("-"),
        ("bot",): _instead("U" + "0" * 32),
        ("token",): _instead({"env": "TOKEN"}),
    },
}
"""By place, with 0 for every index: values that a model requires."""


def _repair_of(model: type[Spec], path: Path, tree: Any, name: str) -> Repair | None:
    if path == ("name",):
        return _instead(name)
    place = tuple(0 if isinstance(step, int) else step for step in path)
    if (found := _REPAIRS.get(model, {}).get(place)) is not None:
        return found
    # Where any condition may stand, one that only names a segment may, too.
    if SegmentCondition in models_at(model, path, _with(tree, path, {})):
        return _instead(_CONDITION)
    return None


def _with(tree: Any, path: Path, value: Any) -> Any:
    """`tree` with another value at `path`; the rest is shared."""
    if not path:
        return value
    out = dict(tree) if isinstance(tree, dict) else list(tree) if isinstance(tree, list) else {}
    inner = _with(step_into(tree, path[0]), path[1:], value)
    if isinstance(out, list) and isinstance(path[0], int) and path[0] >= len(out):
        out.append(inner)
    else:
        out[path[0]] = inner  # type: ignore[index]
    return out


def _words(tree: Any, places: Iterable[Path]) -> frozenset[str]:
    """All words at and below these places."""
    return frozenset(word for path in places for word in (*_steps(path), *_texts(_at(tree, path))))


def _steps(path: Path) -> list[str]:
    return [step for step in path[1:] if isinstance(step, str)]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield str(key)
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
