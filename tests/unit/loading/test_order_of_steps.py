"""A step that is due before a step that always comes before it is told; one that may be due after it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lineform.loading.check_order import order_problems
from lineform.model.scenario import ScenarioSpec
from support.workspaces import CLIENT, SMALL, problems, write

SEND = [{"text": "あ"}]


def told(*steps: dict[str, Any], trigger: Any = "follow") -> list[str]:
    """What is said about these steps. Those without an id are a, b, c and so on; all of them send something."""
    named = [
        {"id": name, **({} if {"wait", "branch", "do"} & step.keys() else {"send": SEND}), **step}
        for name, step in zip("abcdef", steps, strict=False)
    ]
    spec = {"kind": "scenario", "name": "s", "trigger": trigger, "enroll": "new", "steps": named}
    return [found.message for found in order_problems(ScenarioSpec.model_validate(spec))]


def test_a_step_that_is_due_before_the_one_before_it_is_told_with_both_ids() -> None:
    seven, three, eight = {"id": "z", "after": "7d"}, {"id": "yy", "after": "3d"}, {"id": "last", "after": "8d"}
    assert told(seven, three, eight) == ["steps[1].after: 'yy' is due before 'z', after which it comes"]


def test_one_mistyped_time_is_told_once() -> None:
    assert told({"after": "30d"}, {"after": "5d"}, {"after": "7d"}, {"after": "60d"}) == [
        "steps[1].after: 'b' is due before 'a', after which it comes"
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"after": "3h"}, {"after": "2h"}),
        ({"after": "2mo"}, {"after": "1mo"}),
        ({"after": "1y"}, {"after": "11mo"}),
        ({"after": "2mo"}, {"after": "50d"}),
        ({"after": "3d", "at": "18:00"}, {"after": "3d", "at": "10:00"}),
        ({"after": "3d", "at": "18:00"}, {"after": "1d"}),
        ({"after": "1d", "at": "18:00"}, {"at": "10:00"}),
        ({"after": "3d"}, {"after": "1h", "at": "10:00"}),
        ({"after": "2w", "on": ["mon"]}, {"after": "3d", "on": ["mon"]}),
        ({"before": {"attribute": "booked", "by": "1d"}}, {"before": {"attribute": "booked", "by": "3d"}}),
        (
            {"before": {"attribute": "booked", "by": "1d"}, "at": "18:00"},
            {"before": {"attribute": "booked", "by": "1d"}, "at": "10:00"},
        ),
    ],
)
def test_times_that_can_be_compared_are(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert len(told(first, second)) == 1
    assert told(second, first) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"after": "3d"}, {"after": "3d"}),
        ({"after": "3d"}, {}),
        ({"after": "3d"}, {"after": "0m"}),
        ({"after": "3d"}, {"after": "3d", "at": "10:00"}),
        ({"after": "3d", "at": "10:00"}, {"after": "3d"}),
        ({"after": "0d", "at": "18:00"}, {"after": "0d", "at": "10:00"}),
        ({"after": "1mo"}, {"after": "30d"}),
        ({"after": "31d"}, {"after": "1mo"}),
        ({"after": "1y"}, {"after": "365d"}),
        ({"after": "24h", "at": "10:00"}, {"after": "1d", "at": "10:00"}),
        ({"after": "3d"}, {"after": "1d", "on": ["mon"]}),
        ({"after": "7d"}, {"after": "3d", "from": "previous"}),
        ({"after": "7d", "from": "previous"}, {"after": "3d"}),
        ({"after": "7d"}, {"before": {"attribute": "booked", "by": "1d"}}),
        ({"before": {"attribute": "booked", "by": "1d"}}, {"before": {"attribute": "other", "by": "3d"}}),
    ],
)
def test_what_cannot_be_compared_for_certain_is_left_alone(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert told({}, first, second) == []


def test_a_date_that_begins_a_scenario_counts_in_both_directions() -> None:
    date = {"date": "booked"}
    assert len(told({"after": "1d"}, {"before": "1d"}, trigger=date)) == 1
    assert told({"before": "1d"}, {"after": "1d"}, trigger=date) == []


def branch(goto: str) -> list[dict[str, Any]]:
    return [{"if": {"tag": "vip"}, "goto": goto}, {"else": True, "then": [{"tag": "plain"}]}]


def test_a_step_that_some_come_to_in_time_is_right() -> None:
    assert told({"branch": branch("c")}, {"after": "7d"}, {"after": "3d"}) == []


def test_a_step_behind_a_branch_is_held_against_what_all_of_them_went_through() -> None:
    steps = ({"after": "7d", "branch": branch("c")}, {"after": "8d", "goto": "c"}, {"after": "3d"})
    assert told(*steps) == ["steps[2].after: 'c' is due before 'a', after which it comes"]


def test_steps_of_two_ways_are_not_held_against_each_other() -> None:
    assert told({"branch": branch("c")}, {"after": "7d", "goto": "end"}, {"after": "3d"}) == []


def test_a_step_after_a_wait_is_held_against_the_waits_own_time() -> None:
    wait = {"after": "7d", "wait": {"for": {"tag": "vip"}, "within": "7d"}}
    assert told(wait, {"after": "8d"}) == []
    assert len(told(wait, {"after": "6d"})) == 1


def test_it_is_an_error_at_the_time_that_was_written(tmp_path: Path) -> None:
    scenario = (
        "kind: scenario\nname: s\ntrigger: follow\nsteps:\n"
        "  - {id: z, after: 7d, send: [{text: 七}]}\n"
        "  - {id: yy, after: 3d, send: [{text: 三}]}\n"
    )
    client = CLIENT.replace("uses: {", 'uses: {scenarios: ["*"], ')
    files = {"campaigns/s.yaml": scenario, "clients/aoba.yaml": client}
    (found,) = problems(write(tmp_path, SMALL, files))
    assert (found.code, str(found.origin), found.severity.value) == ("E345", "campaigns/s.yaml:6:21", "error")
    assert found.hint.endswith("or write 'from: previous' where it counts from the step before")
