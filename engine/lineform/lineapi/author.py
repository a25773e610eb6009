"""The short form in which people write a message, and the way from it to LINE's own and back.

A message is LINE's own object. Where its ``type`` is left out, the key that names a message type says it::

    {text: Hello}                              {type: text, text: Hello}
    {textV2: "Hi {you}", substitution: ...}    {type: textV2, text: "Hi {you}", substitution: ...}
    {flex: {type: bubble}, altText: Sale}      {type: flex, contents: {type: bubble}, altText: Sale}
    {template: {type: confirm}, altText: Ok?}  {type: template, template: {type: confirm}, altText: Ok?}
    {coupon: autumn}                           {type: coupon, couponId: <LINE's id of the workspace's coupon>}
    {sticker: {packageId: "1", stickerId: "2"}, quickReply: ...}
                                               {type: sticker, packageId: "1", stickerId: "2", quickReply: ...}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from lineform.lineapi.check import Repeated, Templated, check_message
from lineform.lineapi.findings import Finding, Path, Reason
from lineform.lineapi.messages import COMMON, MESSAGES

TYPES: Final = tuple(MESSAGES)
CARRIED_IN: Final = {"text": "text", "textV2": "text", "flex": "contents", "template": "template"}
"""Types whose key holds one property of LINE's object; every other type's key holds an object of properties."""


@dataclass(frozen=True, slots=True)
class PathMap:
    """Translates a path in LINE's object to the path in the author's, for one message."""

    kind: str = ""
    """The type that its key named; empty where the message was in LINE's own form."""
    spread: frozenset[str] = frozenset()
    """Properties that stand inside the type's own object."""
    whole: str = ""
    """The property that the type's key holds by itself, where that is not always so."""

    def author_path(self, line_path: Path) -> Path:
        """Where the author wrote what LINE's object holds at `line_path`.

        A property that nobody wrote is looked for where it belongs; the type itself is the key that named it.
        """
        if not self.kind or not line_path:
            return line_path
        head, rest = line_path[0], line_path[1:]
        if head in ("type", CARRIED_IN.get(self.kind), self.whole):
            return (self.kind, *rest)
        if head in self.spread:
            return (self.kind, *line_path)
        return line_path


class InLineForm(NamedTuple):
    """A message in LINE's own form, and the way back."""

    line: dict[str, Any]
    paths: PathMap


class NotAMessageError(ValueError):
    """The short form cannot be read; `finding` says why, with a path in the author's form."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


def to_line(message: dict[str, Any]) -> InLineForm:
    """The message in LINE's own form; values inside are shared, not copied. Raises NotAMessageError."""
    if "type" in message:
        return InLineForm(message, PathMap())
    named = [key for key in message if key in MESSAGES]
    if not named:
        raise NotAMessageError(_no_type(message))
    kind, *more = named
    if more:
        text = f"names a second type beside '{kind}'; a message has one (write two messages instead)"
        raise NotAMessageError(Finding((more[0],), Reason.CONFLICT, text))
    rest = {key: value for key, value in message.items() if key != kind}
    if kind == "coupon" and isinstance(message[kind], str):
        return InLineForm({"type": kind, "couponId": _named(message[kind]), **rest}, PathMap(kind, whole="couponId"))
    carrier = CARRIED_IN.get(kind)
    if carrier is None:
        return _spread(kind, message[kind], rest)
    if carrier in rest:
        text = f"cannot stand beside '{kind}', which already is LINE's '{carrier}'"
        raise NotAMessageError(Finding((carrier,), Reason.CONFLICT, text))
    return InLineForm({"type": kind, carrier: message[kind], **rest}, PathMap(kind))


def _named(coupon: str) -> str:
    """LINE's id of a coupon of the workspace is known when the message is made."""
    return f"{{{{ coupon['{coupon}'] }}}}"


def _no_type(message: dict[str, Any]) -> Finding:
    fields = {field for shape in MESSAGES.values() for field in shape.fields}
    for key in message:
        if key not in fields:
            return Finding((key,), Reason.UNKNOWN_KEY, "is no type of message that LINE knows", TYPES)
    text = f"has no 'type' and none of the keys that say it: {', '.join(TYPES)}"
    return Finding((), Reason.MISSING, text, TYPES)


def _spread(kind: str, body: object, rest: dict[str, Any]) -> InLineForm:
    if not isinstance(body, dict):
        text = f"must be an object with the properties of LINE's {kind} message"
        raise NotAMessageError(Finding((kind,), Reason.WRONG_TYPE, text))
    for key in rest:
        if key not in COMMON and key in MESSAGES[kind].fields:
            raise NotAMessageError(Finding((key,), Reason.NOT_HERE, f"belongs inside '{kind}', not beside it"))
        if key in body:
            text = f"stands inside '{kind}' and beside it; LINE takes it once"
            raise NotAMessageError(Finding((key,), Reason.CONFLICT, text))
    if "type" in body:
        raise NotAMessageError(Finding((kind, "type"), Reason.CONFLICT, f"is already said by the key '{kind}'"))
    inside = (frozenset(MESSAGES[kind].fields) | body.keys()) - COMMON.keys() - rest.keys()
    return InLineForm({"type": kind, **body, **rest}, PathMap(kind, inside | (COMMON.keys() & body.keys())))


def author_path(message: dict[str, Any], line_path: Path) -> Path:
    """Where in the author's `message` the value at `line_path` of LINE's object was written."""
    return to_line(message).paths.author_path(line_path)


def check_author_message(
    message: object,
    *,
    templated: Templated | None = None,
    repeated: Repeated | None = None,
    unfamiliar: bool = False,
) -> list[Finding]:
    """What is wrong with a message in either form; the paths are the author's."""
    if not isinstance(message, dict):
        return check_message(message, templated=templated)
    try:
        line, paths = to_line(message)
    except NotAMessageError as error:
        return [error.finding]
    found = check_message(line, templated=templated, repeated=repeated, unfamiliar=unfamiliar)
    if not paths.kind:
        return found
    return [Finding(paths.author_path(f.path), f.reason, f.text, f.known, f.low, f.high) for f in found]
