"""How LINE words a refusal: https://developers.line.biz/en/reference/messaging-api/#error-responses.

LINE does not promise its texts, so nobody may decide by them, with one exception: the kinds of 429 differ in nothing
else. Where no wording of LINE's is documented, our own sentence stands in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from lineform.lineapi.findings import Finding, Path, Reason

RATE_LIMITED: Final = "The API rate limit has been exceeded. Try again later."
MONTHLY_LIMIT: Final = "You have reached your monthly limit."
RETRY_KEY_ACCEPTED: Final = "The retry key is already accepted"
INVALID_REPLY_TOKEN: Final = "Invalid reply token"  # noqa: S105 - a message about a token
FAILED_TO_SEND: Final = "Failed to send messages"
NOT_FOUND: Final = "Not found"
NO_ACCESS: Final = "Access to this API is not available for your account"
NOT_ENOUGH_FRIENDS: Final = "Your account does not have enough friends"
NO_DEFAULT_RICHMENU: Final = "no default richmenu"
RICHMENU_OF_ANOTHER_CHANNEL: Final = "the richmenu is owned by another channel"
RICHMENU_NOT_FOUND: Final = "richmenu not found"
RICHMENU_ALIAS_NOT_FOUND: Final = "richmenu alias not found"
RICHMENU_ALIAS_CONFLICT: Final = "conflict richmenu alias id"
RICHMENU_NEEDS_IMAGE: Final = "must upload richmenu image before applying it to user"
RICHMENU_HAS_IMAGE: Final = "An image has already been uploaded to the richmenu"
AUDIENCE_NOT_FOUND: Final = "AUDIENCE_GROUP_NOT_FOUND"
"""The detail by which a missing audience is told: its status is 400, as of any other refusal."""
RICHMENU_IMAGE_SIZE: Final = "The image size is not allowed for richmenu"


def error_body(message: str, details: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """LINE's error object; `details` is left out where there are none."""
    body: dict[str, Any] = {"message": message}
    if details:
        body["details"] = [dict(detail) for detail in details]
    return body


def body_errors(findings: Iterable[Finding]) -> dict[str, Any]:
    """The 400 that LINE answers to a body with these findings.

    Flex is refused in a way of its own: one message at a time, with a pointer into the container, as reported from the
    field in 2020 and 2026 (https://github.com/cofacts/rumors-line-bot/issues/212,
    https://github.com/line/line-bot-sdk-go/issues/657).
    """
    every = list(findings)
    plain = [finding for finding in every if _in_flex(finding.path) is None]
    if plain or not every:
        return error_body(f"The request body has {len(plain)} error(s)", [_detail(f) for f in plain])
    number = every[0].path[1]
    details = [_flex_detail(f) for f in every if f.path[1] == number]
    return error_body(f"A message (messages[{number}]) in the request body is invalid", details)


def line_wording(finding: Finding) -> str:
    """A finding in LINE's words, as far as they are known."""
    low, high = finding.low or 0, finding.high
    match finding.reason:
        case Reason.MISSING:
            return "must be specified"
        case Reason.EMPTY:
            return "May not be empty"
        case Reason.TOO_LONG:
            return f"Length must be between {low} and {high}"
        case Reason.TOO_MANY | Reason.TOO_FEW:
            return f"Size must be between {low} and {high}" if high is not None else "May not be empty"
        case Reason.UNKNOWN_WORD | Reason.NOT_HERE if finding.known:
            return f"Must be one of the following values: [{', '.join(finding.known)}]"
        case Reason.BAD_URL:
            return "invalid uri"
        case Reason.TOO_BIG | Reason.TOO_SMALL if high is not None and finding.low is not None:
            return f"Must be between {low} and {high}"
        case Reason.TOO_BIG if high is not None:
            return f"Must be less than or equal to {high}"
        case _:
            return f"{finding.reason.value.replace('-', ' ')}: {finding.text}"


def _detail(finding: Finding) -> dict[str, str]:
    return {"message": line_wording(finding), "property": finding.property}


def _flex_detail(finding: Finding) -> dict[str, str]:
    place = finding.path[3:]
    if finding.reason is Reason.EMPTY:
        return {"message": "must be non-empty text", "property": _pointer(place)}
    if finding.reason not in (Reason.UNKNOWN_WORD, Reason.NOT_HERE, Reason.WRONG_TYPE):
        return {"message": line_wording(finding), "property": _pointer(place)}
    # A component of an unknown type is pointed at as a whole.
    return {"message": "invalid property", "property": _pointer(place[:-1] if place[-1:] == ("type",) else place)}


def _in_flex(path: Path) -> int | None:
    """The number of the message in whose Flex container a path ends, or None."""
    if len(path) >= 3 and path[0] == "messages" and path[2] == "contents" and isinstance(path[1], int):
        return path[1]
    return None


def _pointer(path: Path) -> str:
    return "".join(f"/{part}" for part in path) or "/"
