"""Two campaigns of one client that would say the same to the same friends within a short time.

A send leaves out whoever read the same lately only where `limits.per_friend` is declared: to look at each friend, it
must not be a broadcast. What can be seen in the files alone is told in any case.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any, Final
from zoneinfo import ZoneInfo

from lineform.errors import BlockedError
from lineform.lineapi.author import NotAMessageError
from lineform.loading.clients import ReadClient
from lineform.loading.resources import Built
from lineform.loading.validation import FieldProblem
from lineform.model.address import Address
from lineform.model.audience import Audience
from lineform.model.base import duration_text
from lineform.model.campaign import CampaignSpec
from lineform.model.client import PerFriend
from lineform.model.schedule import Schedule
from lineform.segments.declared import WORDS, Declared, declared_in
from lineform.segments.finding import ConditionError
from lineform.segments.implies import implies
from lineform.segments.resolve import audience_predicate
from lineform.sending.cron import check_cron
from lineform.sending.due import instant, occurrences
from lineform.sending.wording import line_form

_READS: Final = frozenset({"friend"})
"""What messages may read that are the same at every send: a code or today's date makes others of them."""
_YEAR: Final = timedelta(days=366)
_SOME_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Where two rules without a beginning are compared from: any day would do."""


def repeat_problems(client: ReadClient, built: Mapping[Address, Built]) -> Iterator[tuple[Address, FieldProblem]]:
    """Campaigns that say what an earlier one by name says, to friends who are surely among its own, each with its
    address."""
    sending = [
        (address, found.spec, found)
        for address, found in built.items()
        if isinstance(found.spec, CampaignSpec) and found.spec.enabled
    ]
    often = {words for words, count in Counter(_longest(spec) for _, spec, _ in sending).items() if count > 1}
    alike: dict[str, list[tuple[Address, CampaignSpec]]] = {}
    for address, spec, found in sending:
        if _longest(spec) in often and (said := _said(spec, found)):
            alike.setdefault(said, []).append((address, spec))
    rule = client.limits.per_friend
    window = (rule or PerFriend()).same_body
    words: Declared | None = None
    for several in alike.values():
        for (first, one), (second, other) in combinations(sorted(several, key=lambda each: each[0]), 2):
            if rule is not None and "send" not in {one.capped, other.capped}:
                continue  # who read it is left out of the second one
            words = words or declared_in(b.spec for b in built.values() if isinstance(b.spec, WORDS))
            if _share(one.audience, other.audience, words, client.timezone) and _meet(
                one.schedule, other.schedule, client.timezone, window
            ):
                message = f"messages: {first} sends the same to the same friends within {duration_text(window)}"
                hint = (
                    "leave one of them out or change its text, or write 'limits: {per_friend: {}}' in the client's "
                    "file, which leaves out whoever read the same already"
                )
                yield second, FieldProblem(("messages",), "E121", message, hint, warning=True)


def _longest(spec: CampaignSpec) -> tuple[str, ...]:
    """The longest text of each message: a quick way to see that nearly all campaigns say something of their own."""
    return tuple(
        max((text for key, text in message.items() if key != "type" and isinstance(text, str)), key=len, default="")
        for message in spec.messages
    )


def _said(spec: CampaignSpec, built: Built) -> str:
    """What it says, the same for messages that friends read as the same; empty where nobody knows."""
    if built.resource is None or any(read.root not in _READS for site in built.sites for read in site.reads):
        return ""
    try:
        made: list[Any] = [line_form(message) for message in spec.messages]
    except NotAMessageError:
        return ""  # told elsewhere
    return json.dumps([made, built.resource.context], sort_keys=True)


def _share(one: Audience, other: Audience, words: Declared, timezone: str) -> bool:
    """Whether everybody of one of them is certainly in the other."""
    if any(each.audience is not None or each.demographic is not None for each in (one, other)):
        same = (one.audience, one.demographic) == (other.audience, other.demographic)
        return same or any(each.everyone and not each.exclude for each in (one, other))
    try:
        first, second = (audience_predicate(each, words, timezone) for each in (one, other))
    except (ConditionError, BlockedError):
        return False  # told where the condition is written
    return implies(first, second) or implies(second, first)


def _meet(one: Schedule, other: Schedule, timezone: str, window: timedelta) -> bool:
    """Whether they come due within this time of each other."""
    if any(each.cron is not None and check_cron(each.cron) is not None for each in (one, other)):
        return False
    dates = [instant(each.at, ZoneInfo(each.timezone or timezone)) for each in (one, other) if each.at is not None]
    if dates:
        start, end = min(dates) - window, max(dates) + window
    else:
        days = [each.starts for each in (one, other) if each.starts is not None]
        start = datetime.combine(max(days), datetime.min.time(), UTC) - window if days else _SOME_DAY
        end = start + _YEAR
    first, second = ([due.at for due in occurrences(each, timezone, start, end)] for each in (one, other))
    # The last of the second before each of the first, and the first one after it, are the nearest.
    return any(
        abs(at - second[place]) < window
        for at in first
        for place in {max(bisect_right(second, at) - 1, 0), bisect_right(second, at)}
        if place < len(second)
    )
