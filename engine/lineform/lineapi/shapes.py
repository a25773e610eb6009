"""A small schema language, in which the tables beside this file say what LINE accepts.

A shape walks a value and reports findings. It is made for speed on the good path: nothing is built while a value is
right, paths are linked pairs until somebody needs one, and lengths are only counted where they could matter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from lineform.lineapi.counting import Unit, length
from lineform.lineapi.findings import Finding, Path, Reason

Way = tuple[Any, str | int] | None
"""A path while walking: the way to the parent, and the last step."""

Object = dict[str, Any]
"""A JSON object: plain dicts and lists, as any JSON or YAML reader gives them."""
Check = Callable[[Object, Way, "Walk"], None]
"""A rule over several fields of one object."""


def flat(at: Way) -> Path:
    """A way as an ordinary path."""
    steps: list[str | int] = []
    while at is not None:
        at, step = at
        steps.append(step)
    return tuple(reversed(steps))


@dataclass(slots=True)
class Walk:
    """One check of one object: its findings so far, and what the caller knows about template expressions."""

    templated: Callable[[str], bool] | None = None
    repeated: Callable[[Object], str | tuple[str, ...] | None] | None = None
    unfamiliar: bool = False
    findings: list[Finding] = field(default_factory=list)
    animated: int = 0
    """How many animated Flex images were seen."""

    def holds(self, value: object) -> bool:
        """Whether `value` still holds an expression, so that nothing can be said about it yet."""
        return self.templated is not None and isinstance(value, str) and self.templated(value)

    def count(self, items: object) -> int | None:
        """How many items a list has, or None where that is not known yet (or it is no list)."""
        if not isinstance(items, list | tuple):
            return None
        if self.repeated is not None and any(isinstance(i, dict) and self.repeated(i) is not None for i in items):
            return None
        return len(items)

    def holds_within(self, value: object) -> bool:
        """Whether an expression or a repetition is anywhere inside, so that totals are not known yet."""
        if isinstance(value, dict):
            if self.repeated is not None and self.repeated(value) is not None:
                return True
            return any(self.holds_within(item) for item in value.values())
        if isinstance(value, list | tuple):
            return any(self.holds_within(item) for item in value)
        return self.holds(value)

    def report(
        self,
        at: Way,
        reason: Reason,
        text: str,
        known: Iterable[str] = (),
        low: int | None = None,
        high: int | None = None,
    ) -> None:
        self.findings.append(Finding(flat(at), reason, text, tuple(known), low, high))

    def replace(self, at: Way, reason: Reason, text: str, low: int | None = None, high: int | None = None) -> None:
        """Reports `text` in the place of what was said before for the same reason about the same value."""
        path = flat(at)
        self.findings = [f for f in self.findings if not (f.path == path and f.reason is reason)]
        self.findings.append(Finding(path, reason, text, (), low, high))

    def wrong_type(self, value: object, at: Way, wanted: str) -> None:
        """Reports a value of another type, unless it is an expression that may become the right one."""
        if not self.holds(value):
            self.report(at, Reason.WRONG_TYPE, f"is {_kind(value)}; LINE wants {wanted} here")


def _kind(value: object) -> str:
    if value is None:
        return "empty (null)"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else "no JSON value"


class Shape(Protocol):
    """What a value may look like."""

    doc: str

    def check(self, value: object, at: Way, walk: Walk) -> None: ...


@dataclass(slots=True)
class Str:
    """A text with a length in LINE's units, or one of some words, or of one pattern; `words` and `pattern` are "or"."""

    max: int | None = None
    min: int = 0
    unit: Unit = Unit.UTF16
    pattern: re.Pattern[str] | None = None
    form: str = ""
    """The pattern in words, for the message: "a colour such as #00B900"."""
    words: tuple[str, ...] = ()
    doc: str = ""
    _sure: int = field(init=False)
    """Up to this many code points nothing needs counting."""
    _set: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._set = frozenset(self.words)
        if self.words or self.pattern is not None:
            self._sure = -1
        elif self.max is None:
            self._sure = 1 << 62
        else:
            self._sure = self.max // 2 if self.unit is Unit.UTF16 else self.max

    def check(self, value: object, at: Way, walk: Walk) -> None:
        if not isinstance(value, str):
            walk.wrong_type(value, at, "a text")
        elif not (self.min <= len(value) <= self._sure or value in self._set):
            self._slow(value, at, walk)

    def _slow(self, value: str, at: Way, walk: Walk) -> None:
        if self.pattern is not None and not self.pattern.fullmatch(value):
            if not walk.holds(value):
                words = f", or one of {', '.join(self.words)}" if self.words else ""
                walk.report(at, Reason.BAD_FORMAT, f"is not {self.form}{words}", self.words)
        elif self.words and self.pattern is None:
            if not walk.holds(value):
                text = f"is '{value}', which LINE does not know here; it knows {', '.join(self.words)}"
                walk.report(at, Reason.UNKNOWN_WORD, text, self.words)
        elif len(value) < self.min:
            walk.report(at, Reason.EMPTY, "is empty; LINE wants a text here", low=self.min, high=self.max)
        elif self.max is not None and (size := length(value, self.unit)) > self.max and not walk.holds(value):
            text = f"is {size:,} characters; LINE allows {self.max:,} here ({self.unit.value})"
            walk.report(at, Reason.TOO_LONG, text, low=self.min, high=self.max)


_ENCODED = re.compile(r"(?:[!-$&-~]|%[0-9A-Fa-f]{2})+")
_LOCATOR = {"http": r"http://[^/?#\s]", "https": r"https://[^/?#\s]", "line": r"line:\S", "tel": r"tel:\S"}


@dataclass(slots=True)
class Url:
    """A URL of one of `schemes`, percent-encoded (https://developers.line.biz/en/reference/messaging-api/#url-encoding)."""

    schemes: tuple[str, ...] = ("https",)
    max: int = 2000
    doc: str = ""
    _start: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        self._start = re.compile("|".join(_LOCATOR[scheme] for scheme in self.schemes), re.IGNORECASE)

    def check(self, value: object, at: Way, walk: Walk) -> None:
        if not isinstance(value, str):
            walk.wrong_type(value, at, "a URL")
        elif not (len(value) <= self.max and self._start.match(value) and _ENCODED.fullmatch(value)):
            self._slow(value, at, walk)

    def _slow(self, value: str, at: Way, walk: Walk) -> None:
        if walk.holds(value):
            return
        if not self._start.match(value):
            allowed = " or ".join(f"{scheme}:" for scheme in self.schemes)
            walk.report(at, Reason.BAD_URL, f"is not a URL that LINE accepts here: it must begin with {allowed}")
        elif (size := length(value, Unit.UTF16)) > self.max:
            text = f"is {size:,} characters; LINE allows {self.max:,} here ({Unit.UTF16.value})"
            walk.report(at, Reason.TOO_LONG, text, low=0, high=self.max)
        else:
            odd = next(c for i, c in enumerate(value) if not _ENCODED.match(value, i))
            text = f"holds '{odd}' as it is; write it percent-encoded in UTF-8"
            walk.report(at, Reason.URL_NOT_ENCODED, text)


@dataclass(slots=True)
class Num:
    """A number; `whole` for an integer."""

    min: float | None = None
    max: float | None = None
    whole: bool = False
    doc: str = ""

    def check(self, value: object, at: Way, walk: Walk) -> None:
        kind = type(value)
        if kind is not int and (self.whole or kind is not float or not math.isfinite(value)):  # type: ignore[arg-type]
            walk.wrong_type(value, at, "a whole number" if self.whole else "a number")
        elif self.min is not None and value < self.min:  # type: ignore[operator]
            walk.report(at, Reason.TOO_SMALL, f"is {value}; LINE wants {self.min:,} or more here", *self._limits())
        elif self.max is not None and value > self.max:  # type: ignore[operator]
            walk.report(at, Reason.TOO_BIG, f"is {value}; LINE allows {self.max:,} here", *self._limits())

    def _limits(self) -> tuple[tuple[str, ...], int | None, int | None]:
        return (), None if self.min is None else int(self.min), None if self.max is None else int(self.max)


def integer(min: float | None = None, max: float | None = None, doc: str = "") -> Num:  # noqa: A002 - the schema's words
    """A whole number."""
    return Num(min, max, whole=True, doc=doc)


@dataclass(slots=True)
class Bool:
    """True or false."""

    doc: str = ""

    def check(self, value: object, at: Way, walk: Walk) -> None:
        if value is not True and value is not False:
            walk.wrong_type(value, at, "true or false")


@dataclass(slots=True)
class List:
    """A list of like items."""

    item: Shape
    min: int = 0
    max: int | None = None
    noun: str = "items"
    doc: str = ""

    def check(self, value: object, at: Way, walk: Walk) -> None:
        if not isinstance(value, list | tuple):
            walk.wrong_type(value, at, "a list")
            return
        check = self.item.check
        fixed = 0
        for index, item in enumerate(value):
            if walk.repeated is None:
                check(item, (at, index), walk)
                fixed += 1
            else:
                fixed += self._item(item, (at, index), walk)
        if fixed == len(value) or (self.max is not None and fixed > self.max):
            self.count(fixed, at, walk)

    def _item(self, item: object, at: Way, walk: Walk) -> bool:
        """Checks one item, or all that a repetition holds; whether it stands for exactly one."""
        keys = walk.repeated(item) if walk.repeated is not None and isinstance(item, dict) else None
        if keys is None or not isinstance(item, dict):
            self.item.check(item, at, walk)
            return True
        for key in (keys,) if isinstance(keys, str) else keys:
            inner = item[key]
            if isinstance(inner, list | tuple):
                for index, one in enumerate(inner):
                    self._item(one, ((at, key), index), walk)
            else:
                self._item(inner, (at, key), walk)
        return False

    def count(self, size: int, at: Way, walk: Walk) -> None:
        """Reports a number of items that LINE does not allow."""
        if self.max is not None and size > self.max:
            text = f"has {size} {self.noun}; LINE allows {self.max} here"
            walk.report(at, Reason.TOO_MANY, text, low=self.min, high=self.max)
        elif size < self.min:
            text = f"has {size} {self.noun}; LINE wants at least {self.min} here"
            walk.report(at, Reason.TOO_FEW, text, low=self.min, high=self.max)


@dataclass(slots=True)
class Obj:
    """An object with named fields. `open` lets unknown ones pass untouched, as LINE adds some without notice."""

    name: str
    fields: dict[str, Shape]
    required: tuple[str, ...] = ()
    exclusive: tuple[tuple[str, str], ...] = ()
    checks: tuple[Check, ...] = ()
    open: bool = False
    doc: str = ""

    def check(self, value: object, at: Way, walk: Walk) -> None:
        if not isinstance(value, dict):
            walk.wrong_type(value, at, "an object")
            return
        fields = self.fields
        for key, item in value.items():
            shape = fields.get(key)
            if shape is not None:
                shape.check(item, (at, key), walk)
            elif not self.open:
                walk.report((at, key), Reason.UNKNOWN_KEY, f"is not a property of {self.doc or self.name}", fields)
            elif walk.unfamiliar:
                text = f"is no property of {self.doc or self.name} that lineform knows; LINE gets it as it is"
                walk.report((at, key), Reason.UNFAMILIAR, text, fields)
        for key in self.required:
            if key not in value:
                walk.report((at, key), Reason.MISSING, "is missing; LINE wants it here")
        for one, other in self.exclusive:
            if one in value and other in value:
                walk.report((at, other), Reason.CONFLICT, f"cannot stand beside '{one}': LINE takes one of the two")
        for rule in self.checks:
            rule(value, at, walk)


@dataclass(slots=True)
class Union:
    """One of several objects, told apart by their `type`."""

    noun: str
    variants: dict[str, Shape]
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Types that exist but not here, with the sentence that says where they belong."""
    doc: str = ""

    def check(self, value: object, at: Way, walk: Walk) -> None:
        if not isinstance(value, dict):
            walk.wrong_type(value, at, "an object")
            return
        name = value.get("type")
        variant = self.variants.get(name) if isinstance(name, str) else None
        if variant is not None:
            variant.check(value, at, walk)
        elif name is None and "type" not in value:
            walk.report((at, "type"), Reason.MISSING, f"is missing; it says which {self.noun} this is", self.variants)
        elif not isinstance(name, str):
            walk.wrong_type(name, (at, "type"), "a text")
        elif name in self.elsewhere:
            walk.report((at, "type"), Reason.NOT_HERE, self.elsewhere[name], self.variants)
        elif not walk.holds(name):
            text = f"is '{name}', which is no {self.noun} that LINE knows here; it knows {', '.join(self.variants)}"
            walk.report((at, "type"), Reason.UNKNOWN_WORD, text, self.variants)


@dataclass(slots=True)
class Table:
    """An object whose keys the author chooses, each value of one shape."""

    item: Shape
    key: re.Pattern[str]
    form: str
    max: int
    doc: str = ""

    def check(self, value: object, at: Way, walk: Walk) -> None:
        if not isinstance(value, dict):
            walk.wrong_type(value, at, "an object")
            return
        for key, item in value.items():
            if not isinstance(key, str) or not self.key.fullmatch(key):
                walk.report((at, key), Reason.BAD_FORMAT, f"is not {self.form}")
            self.item.check(item, (at, key), walk)
        if len(value) > self.max:
            walk.report(at, Reason.TOO_MANY, f"has {len(value)} entries; LINE allows {self.max} here", high=self.max)


def typed(name: str, kind: str, fields: dict[str, Shape], required: tuple[str, ...] = (), **rest: Any) -> Obj:
    """A variant of a union: an object with the constant `type`."""
    return Obj(name, {"type": Str(words=(kind,)), **fields}, ("type", *required), **rest)
