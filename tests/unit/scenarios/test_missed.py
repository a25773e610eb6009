"""What was missed is not made up for in a burst: of several messages the newest is sent, and never none of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.scenarios.effect import Give, Leave, Say
from lineform.scenarios.enrolment import State
from lineform.scenarios.machine import Moment, advance
from support.coursing import NOW, Lived, begun, says, script

HOUR = timedelta(hours=1)


class Tagged(Lived):
    """A course whose tags are really given, and which remembers the texts."""

    def tick(self, now: datetime, **moment: Any) -> None:
        while self.course.state is State.ACTIVE and self.course.due is not None and self.course.due <= now:
            moved = advance(self.script, self.course, self.friend, Moment(now, **moment))
            self.course = moved.enrolment
            self.said += [(now, one.messages[0]["text"]) for one in moved.effects if isinstance(one, Say)]
            given = {one.tag for one in moved.effects if isinstance(one, Give)}
            self.friend = replace(self.friend, tags=self.friend.tags | given)


steps = st.lists(
    st.builds(
        lambda gap, does, asks, worth, wait: (gap, does, asks, worth, wait),
        st.integers(1, 5),
        st.sampled_from(["sends", "sends", "gives", "sends and gives"]),
        st.booleans(),
        st.none() | st.integers(1, 30),
        st.none() | st.integers(1, 6),
    ),
    min_size=1,
    max_size=7,
)


def declared(several: list[Any]) -> list[dict[str, Any]]:
    out, after = [], 0
    for number, (gap, does, asks, worth, wait) in enumerate(several):
        after += gap
        one: dict[str, Any] = {"id": f"s{number}", "after": f"{after}h"}
        if "sends" in does:
            one["send"] = [{"text": f"s{number}"}]
            if worth is not None:
                one["valid_until"] = f"{after + worth}h"
        if "gives" in does:
            one["do"] = [{"tag": "x"}]
        if asks:
            one["if"] = {"tag": "x"}
        if wait is not None:
            otherwise = [{"send": [{"text": f"s{number} else"}]}]
            one["wait"] = {"for": {"event": "purchase"}, "within": f"{wait}h", "else": {"then": otherwise}}
        out.append(one)
    return out


def plain(several: list[Any], hours: int) -> list[str]:
    """What is sent half an hour after so many hours, as the file reads: of what may still be sent, whatever nothing
    came after; and whoever is asked now is not asked at once whether they answered."""
    found: list[tuple[int, int, str]] = []
    after, reached, tagged = 0, 0, False
    for number, (gap, does, asks, worth, wait) in enumerate(several):
        after += gap
        reached = max(after, reached)
        if reached > hours:
            break
        if asks and not tagged:
            continue
        good = "sends" not in does or worth is None or hours < after + worth
        if "sends" in does and good:
            found.append((reached, number, f"s{number}"))
        tagged = tagged or "gives" in does
        if wait is not None:
            reached += wait
            if reached > hours:
                break
            if good:
                found.append((reached, number, f"s{number} else"))
    out: list[str] = []
    for due, number, text in found:
        if any(later > due and other != number for later, other, _ in found):
            continue
        out.append(text)
        if several[number][4] is not None and not text.endswith("else"):
            break
    return out


@settings(max_examples=400)
@given(steps, st.integers(1, 40))
def test_the_newest_is_sent_of_what_may_still_be_sent(several: list[Any], hours: int) -> None:
    lived = Tagged(one := script(*declared(several), if_late="send"), begun(one))
    lived.tick(NOW + hours * HOUR + HOUR / 2)
    assert [text for _, text in lived.said] == plain(several, hours)


@pytest.mark.parametrize(
    ("steps", "read"),
    [
        (
            [says("a", "1h"), {"id": "t", "after": "2h", "do": [{"tag": "vip"}]}, says("b", "3h"), says("c", "4h")],
            ["c"],
        ),
        ([says("a", "1h"), says("b", "2h", **{"if": {"tag": "vip"}})], ["a"]),
        ([says("a", "1h"), says("b", "2h", valid_until="3h")], ["a"]),
        ([says("a", "1h"), {"id": "t", "after": "2h", "do": [{"stop": "s"}]}, says("b", "3h")], ["a"]),
        ([says("a", "2h"), says("b", "2h")], ["a", "b"]),
    ],
)
def test_what_was_missed_gives_way_to_what_is_sent(steps: list[dict[str, Any]], read: list[str]) -> None:
    lived = Lived(one := script(*steps, if_late="send"), begun(one))
    stopped = False
    while lived.course.due is not None and not stopped:
        moved = advance(one, lived.course, lived.friend, Moment(NOW + 10 * HOUR))
        lived.course = moved.enrolment
        lived.said += [(NOW, one.messages[0]["text"]) for one in moved.effects if isinstance(one, Say)]
        stopped = any(isinstance(effect, Leave) for effect in moved.effects)
    assert [text for _, text in lived.said] == read
