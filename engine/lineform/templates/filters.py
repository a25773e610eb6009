"""The filters that expressions may use: a closed list, each bounded in what it can produce."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from inspect import signature
from typing import Any, Final

from jinja2 import Undefined

from lineform.templates.errors import TemplateError

LONGEST = 100_000
"""No expression makes a text longer than this many characters; LINE's longest is 5,000."""

_WEEKDAYS = "月火水木金土日"
_DIRECTIVE = re.compile(r"%(-?[A-Za-z%])")


def fail(message: str, hint: str = "") -> TemplateError:
    """The error of a filter whose value it cannot use."""
    return TemplateError(message, hint=hint, code="E027")


class Misused(TemplateError):
    """A filter that cannot do what it is asked for; the message is about the filter, not about its value."""


def misused(message: str, hint: str = "") -> Misused:
    """The error of a filter that is asked for what it cannot do."""
    return Misused(message, hint=hint, code="E027")


def bounded(text: str) -> str:
    """`text`, unless it is longer than any message could be."""
    if len(text) > LONGEST:
        raise fail(f"makes a text of {len(text):,} characters; {LONGEST:,} is the limit")
    return text


def text_of(value: Any) -> str:
    """A value as it stands inside a text. Nothing, lists and mappings have no one way to be read aloud: refused."""
    if isinstance(value, str):
        return value
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if value is None:
        raise fail("is empty (null), which cannot stand inside a text", "give a value, or write | default('…')")
    if isinstance(value, Mapping):
        raise fail("is a mapping, which cannot stand inside a text", "name one of its values")
    if isinstance(value, list | tuple):
        raise fail("is a list, which cannot stand inside a text", "write | join('、')")
    raise fail("is nothing that can stand inside a text")


def default(value: Any, instead: Any = "", empty_too: bool = False) -> Any:
    """`instead` where the value is unknown or null; with `empty_too` also where it is empty."""
    if isinstance(value, Undefined) or value is None or (empty_too and not value):
        return instead
    return value


def comma(value: Any) -> str:
    """12345 as 12,345."""
    return f"{_number(value):,}"


def yen(value: Any) -> str:
    """12345 as 12,345円; fractions of a yen are rounded half up."""
    return f"{Decimal(str(_number(value))).quantize(Decimal(1), ROUND_HALF_UP):,}円"


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise fail("is not a number")
    return value


def as_date(value: Any, form: Any = "%-m月%-d日") -> str:
    """A date or local time in the given form; ``%-m`` and the like work on every system, ``%a`` is 月 to 日."""
    moment = _moment(value)
    if not isinstance(form, str):
        raise misused("needs a form in quotes", "such as date('%-m月%-d日')")
    return _DIRECTIVE.sub(lambda found: _directive(moment, found[1]), form)


def add_days(value: Any, days: Any) -> str:
    """The date so many days later (earlier, where negative), as 2026-12-31."""
    if isinstance(days, bool) or not isinstance(days, int):
        raise misused("needs a whole number of days", "such as add_days(7)")
    try:
        return (_moment(value).date() + timedelta(days=days)).isoformat()
    except OverflowError:
        raise misused("leaves the calendar") from None


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a calendar day has no zone
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise fail("is not a date such as 2026-12-31")


def _directive(moment: datetime, letter: str) -> str:
    plain = {
        "Y": f"{moment.year:04}",
        "y": f"{moment.year % 100:02}",
        "m": f"{moment.month:02}",
        "d": f"{moment.day:02}",
        "H": f"{moment.hour:02}",
        "M": f"{moment.minute:02}",
        "S": f"{moment.second:02}",
        "I": f"{(moment.hour + 11) % 12 + 1:02}",
        "p": "午前" if moment.hour < 12 else "午後",
        "a": _WEEKDAYS[moment.weekday()],
        "A": _WEEKDAYS[moment.weekday()] + "曜日",
        "%": "%",
    }
    found = plain.get(letter.removeprefix("-"))
    if found is None:
        raise misused(f"cannot write a date with %{letter}", f"known are {', '.join('%' + one for one in plain)}")
    return str(int(found)) if letter.startswith("-") and found.isdigit() else found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise fail("is not a text")
    return value


def _items(value: Any) -> list[Any]:
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise fail("is not a list")
    return list(value)


def replace(value: Any, old: Any, new: Any) -> str:
    """Every `old` by `new`."""
    text = _text(value)
    if not isinstance(old, str) or not isinstance(new, str):
        raise misused("needs two texts", "such as replace('旧', '新')")
    if not old:
        raise misused("cannot replace an empty text")
    if len(text) + text.count(old) * len(new) > LONGEST:
        raise misused(f"makes a text of more than {LONGEST:,} characters")
    return text.replace(old, new)


def join(value: Any, between: Any = "") -> str:
    """The items of a list as one text."""
    if not isinstance(between, str):
        raise misused("needs a text to put between the items", "such as join('、')")
    return bounded(between.join(text_of(item) for item in _items(value)))


def truncate(value: Any, length: Any, end: Any = "…") -> str:
    """At most `length` code points, with `end` where something was cut off."""
    text = _text(value)
    if isinstance(length, bool) or not isinstance(length, int) or length < 0 or not isinstance(end, str):
        raise misused("needs a whole number of characters", "such as truncate(20)")
    return text if len(text) <= length else text[: max(0, length - len(end))] + end


def length(value: Any) -> int:
    """How many items or characters."""
    if isinstance(value, str | list | tuple | Mapping):
        return len(value)
    raise fail("has no length")


def first(value: Any) -> Any:
    """The first item of a list."""
    items = _items(value)
    if not items:
        raise fail("is an empty list, which has no first item")
    return items[0]


def last(value: Any) -> Any:
    """The last item of a list."""
    items = _items(value)
    if not items:
        raise fail("is an empty list, which has no last item")
    return items[-1]


def whole(value: Any) -> int:
    """A number or a text of digits as a whole number, cut towards zero."""
    try:
        return int(_text(value)) if isinstance(value, str) else int(_number(value))
    except (ValueError, OverflowError):
        raise fail("is not a whole number") from None


def rounded(value: Any, digits: Any = 0) -> int | float:
    """Rounded half up, as prices are; a whole number where no digits are asked for."""
    if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= 10:
        raise misused("rounds to 0 to 10 digits")
    number = Decimal(str(_number(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return float(number) if digits else int(number)


def keyed(value: Any) -> list[tuple[str, Any]]:
    """The keys and values of a mapping, in the order in which they were written."""
    if not isinstance(value, Mapping):
        raise fail("is not a mapping")
    return list(value.items())


FILTERS: dict[str, Callable[..., Any]] = {
    "add_days": add_days,
    "comma": comma,
    "count": length,
    "d": default,
    "date": as_date,
    "default": default,
    "first": first,
    "int": whole,
    "items": keyed,
    "join": join,
    "last": last,
    "length": length,
    "lower": lambda value: _text(value).lower(),
    "replace": replace,
    "round": rounded,
    "string": text_of,
    "trim": lambda value: _text(value).strip(),
    "truncate": truncate,
    "upper": lambda value: _text(value).upper(),
    "yen": yen,
}

_ANY = {
    **dict.fromkeys(("add_days", "date"), "2026-12-31"),
    **dict.fromkeys(("comma", "int", "round", "yen"), 1),
    **dict.fromkeys(("count", "first", "join", "last", "length"), ("あ",)),
    "items": {},
}
"""A value that each filter can use; a text for the others."""


UNTOLD: Final = object()
"""A value that nobody knows before a message is made."""


def check_call(name: str, value: Any, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """What a filter makes of a value that was written, or, where that is `UNTOLD`, of one that it can use.

    Raises TemplateError, which names the call, where nothing comes of it: what no friend's value can mend is told
    before anybody is sent anything.
    """
    written = [_short(one) for one in args] + [f"{key}={_short(one)}" for key, one in named.items()]
    call = f"{name}({', '.join(written)})" if written else name
    try:
        return FILTERS[name](_ANY.get(name, "あ") if value is UNTOLD else value, *args, **named)
    except TemplateError as error:
        raise about(error, call, "what" if value is UNTOLD else f"{_short(value)}, which") from error
    except (TypeError, ValueError, OverflowError) as error:
        takes = ", ".join(list(signature(FILTERS[name]).parameters)[1:])
        hint = f"it takes {takes}" if takes else "it takes nothing in brackets"
        raise misused(f"{call} cannot be called so", hint) from error


def about(error: TemplateError, call: str, given: str = "what") -> TemplateError:
    """The error of a filter with the filter's name in it."""
    said = f"{call} {error.message}" if isinstance(error, Misused) else f"{call} is given {given} {error.message}"
    return misused(said, error.hint)


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


_SHOWN: Final = 40
"""Characters of a value that an error repeats."""
