"""Which links of a message are tracked, and what it costs to tell their taps apart by friend.

A link is declared with its address under ``links`` in a file of kind attributes. With ``track`` in a campaign, every
such address in its messages becomes ``{{ link['name'] }}`` when it is armed; what an expression of that name reads is
decided when the send is frozen. Without ``track`` it reads the address itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from lineform.lineapi.rates import HOUR, MINUTE, SECOND, rate_for
from lineform.lineapi.routes import Route
from lineform.model.attributes import AttributesSpec
from lineform.plural import plural
from lineform.templates.send import BLOCKS, is_each

_ADDRESSES = frozenset({"uri", "linkUri", "desktop"})
"""Properties of LINE's that a tap leads to; pictures have others."""
_UNITS: Final = ((HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))


def declared_links(specs: Iterable[AttributesSpec]) -> dict[str, str]:
    """The addresses of declared links, by name; those without one are not there."""
    return {name: link.url for spec in specs for name, link in spec.links.items() if link.url}


def tracked(messages: Sequence[Mapping[str, Any]], links: Mapping[str, str]) -> list[dict[str, Any]]:
    """The messages with an expression in place of every declared address: where a tap leads to, and in what a text
    message says."""
    return [_message(message, links) for message in messages]


def _message(message: Mapping[str, Any], links: Mapping[str, str]) -> dict[str, Any]:
    if is_each(message):
        # Whole messages that are repeated, in lists as they are armed.
        return {**message, **{key: tracked(message[key], links) for key in BLOCKS if key in message}}
    found: dict[str, Any] = _walk(message, links)
    if isinstance(text := found.get("text"), str):
        found["text"] = _in_text(text, tuple(links.items()))
    return found


def _walk(node: Any, links: Mapping[str, str]) -> Any:
    if isinstance(node, Mapping):
        return {
            key: _address(value, links) if key in _ADDRESSES and isinstance(value, str) else _walk(value, links)
            for key, value in node.items()
        }
    if isinstance(node, list | tuple):
        return [_walk(value, links) for value in node]
    return node


def _address(value: str, links: Mapping[str, str]) -> str:
    return next((_reading(name) for name, url in links.items() if url == value), value)


def _in_text(text: str, links: tuple[tuple[str, str], ...]) -> str:
    form, names = _addresses(links)
    return text if form is None else form.sub(lambda found: _reading(names[found[0]]), text)


@lru_cache(maxsize=64)
def _addresses(links: tuple[tuple[str, str], ...]) -> tuple[re.Pattern[str] | None, dict[str, str]]:
    """Every address as a whole: not as the beginning of a longer one."""
    names = {url: name for name, url in reversed(links)}
    if not names:
        return None, names
    longest_first = sorted(names, key=len, reverse=True)
    end = r"(?![A-Za-z0-9\-_~/?#@$&*+=%]|[.,:;!'()]+[A-Za-z0-9])"
    return re.compile("(?:" + "|".join(map(re.escape, longest_first)) + ")" + end), names


def _reading(name: str) -> str:
    return f"{{{{ link['{name}'] }}}}"


def choices(by: str, routes: Mapping[str, Counter[Route]], yen: float | None) -> str:
    """What tracking by friend and by message comes to, the chosen one first: calls and the time that LINE's limits
    force. People and yen are the same, since LINE counts people."""
    words = [f"track: {one}: {_calls(routes[one])}" for one in sorted(routes, key=lambda one: one != by)]
    cost = "" if yen is None else f"; both cost ¥{yen:,.0f}"
    return f"{', '.join(words)}{cost}"


def _calls(routes: Counter[Route]) -> str:
    return f"{plural(routes.total(), 'call')} in {lasting(seconds(routes))}"


def seconds(routes: Mapping[Route, int]) -> float:
    """How long LINE's limits make so many calls take."""
    longest = 0.0
    for route, count in routes.items():
        rate = rate_for("POST", f"/v2/bot/message/{route.value}")
        # A full bucket lets the first ones pass at once.
        longest = max(longest, max(0, count - rate.count) * rate.seconds / rate.count)
    return longest


def lasting(length: float) -> str:
    """A time in seconds as it is told: ``under a second``, ``about 4 minutes``."""
    if length < SECOND:
        return "under a second"
    unit, word = next(one for one in _UNITS if length >= one[0])
    return f"about {plural(round(length / unit), word)}"
