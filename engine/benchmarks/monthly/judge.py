"""What is wrong with one friend's month: LINE's book against where the friend stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lineform.scenarios.enrolment import Enrolment, State
from monthly.shop import GAP, LIMITED, WEEK

JAPAN = ZoneInfo("Asia/Tokyo")
LATE = timedelta(minutes=2)
"""So much may a call come after the moment at which it was decided: repetitions after time-outs."""
Read = tuple[float, str, bool]
"""When, what, and whether it was an answer."""


def wrong(read: Sequence[Read], courses: Sequence[Enrolment], end: datetime, *, sure: bool) -> Iterator[str]:
    """Everything. `sure` is False where nobody can know whether all was read: an answer was lost, or the friend had
    blocked the account when something was on its way. Courses may have been due until `end`."""
    for text, count in Counter(text for _, text, _ in read).items():
        if count > 1:
            yield f"read '{text}' {count} times"
    sides = {course.scenario for course in courses if course.instance}
    texts = Counter(text if text.partition("/")[0] in sides else text.partition(" ")[0] for _, text, _ in read)
    said: Counter[str] = Counter()
    for course in courses:
        if course.state is State.ACTIVE and course.due is not None and course.due < end:
            yield f"{course.scenario} stands at '{course.step}', which was due at {course.due}"
        for mark in course.marks:
            # Of courses side by side, each has words of its own.
            said[f"{course.scenario}/{mark.step} {course.instance}".strip()] += counts_as_sent(mark.said)
    for step in said.keys() | texts.keys():
        if texts[step] > said[step] or (texts[step] < said[step] and sure):
            yield f"{step} counts as sent {said[step]} times, and was read {texts[step]} times"
    if not any(course.scenario == "welcome" for course in courses):
        yield "followed, and is not in the welcome"
    yield from _limits(read)


def counts_as_sent(said: str) -> bool:
    """Whether a mark says that the step's messages went out."""
    return said.endswith("sent") and not said.startswith("not")


def _limits(read: Sequence[Read]) -> Iterator[str]:
    pushed = sorted(((at, text) for at, text, answer in read if not answer), key=lambda one: one[0])
    for place, (at, text) in enumerate(pushed):
        local = datetime.fromtimestamp(at, JAPAN)
        # What was frozen before nine in the evening may be called a little later.
        if local.hour < 9 or (local.hour, local.minute) >= (21, 5):
            yield f"read '{text}' at {local:%H:%M}"
        if not _limited(text):
            continue
        before = [other for other, others in pushed[:place] if _counts(others, at - other)]
        if sum(at - other < 7 * 86_400 - LATE.total_seconds() for other in before) >= WEEK:
            yield f"read '{text}' beside {WEEK} others within a week"
        if before and at - before[-1] < (GAP - LATE).total_seconds():
            yield f"read '{text}' {at - before[-1]:.0f} seconds after another"


def _limited(text: str) -> bool:
    return text.partition("/")[0] in LIMITED


def _counts(text: str, seconds: float) -> bool:
    """Whether a message so long before another one stands in its way. Of two that were called in one moment nobody
    can tell here which was decided first: one that keeps no limit may have been the second."""
    return _limited(text) or seconds > LATE.total_seconds()
