"""Two campaigns that would say the same to the same friends within a day are told when files are validated."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.model.problem import Severity
from support.workspaces import CAMPAIGN, CLIENT, SMALL, only, problems, write

WEEKLY = '{cron: "0 10 * * 2"}'


def second(schedule: str = '{at: "2026-12-01T18:00"}', audience: str = "everyone", text: str = "こんにちは") -> str:
    return (
        f"kind: campaign\nname: second\naudience: {audience}\nschedule: {schedule}\nmessages:\n"
        f'  - {{type: text, text: "{text}"}}\n'
    )


def files(other: str, first: str = CAMPAIGN, limits: str = "") -> dict[str, str]:
    client = CLIENT + (f"limits: {limits}\n" if limits else "")
    return {"campaigns/sale.yaml": first, "campaigns/second.yaml": other, "clients/aoba.yaml": client}


@pytest.mark.parametrize(
    "schedule",
    [
        '{at: "2026-12-01T10:00"}',
        '{at: "2026-11-30T10:01"}',
        '{at: "2026-12-01T19:59", timezone: America/New_York}',
        '{cron: "0 11 * * *"}',
        WEEKLY,
    ],
)
def test_the_same_text_twice_within_a_day_is_a_warning(tmp_path: Path, schedule: str) -> None:
    found = only(write(tmp_path, SMALL, files(second(schedule))))
    assert (found.code, found.severity, str(found.origin)) == ("E121", Severity.WARNING, "campaigns/second.yaml:6:3")
    assert found.message == "messages: campaign.sale sends the same to the same friends within 1d"


@pytest.mark.parametrize(
    "other",
    [
        second('{at: "2026-12-02T10:00"}'),
        second('{cron: "0 11 * * 5"}'),
        second('{cron: "0 11 * * *", starts: "2026-12-10"}'),
        second(text="こんばんは"),
        second() + "enabled: false\n",
    ],
)
def test_another_day_or_another_text_is_none(tmp_path: Path, other: str) -> None:
    assert problems(write(tmp_path, SMALL, files(other))) == []


def test_two_rules_are_compared_over_a_year(tmp_path: Path) -> None:
    monthly = CAMPAIGN.replace('{at: "2026-12-01T10:00"}', '{cron: "0 10 1 * *"}')
    assert only(write(tmp_path, SMALL, files(second(WEEKLY), monthly))).code == "E121"


def test_two_rules_that_never_come_near_each_other_are_fine(tmp_path: Path) -> None:
    first = CAMPAIGN.replace('{at: "2026-12-01T10:00"}', WEEKLY)
    assert problems(write(tmp_path, SMALL, files(second('{cron: "0 10 * * 5"}'), first))) == []


REGULARS = "{where: {tag: regular}}"


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (REGULARS, REGULARS, True),
        (REGULARS, "{where: {all: [{tag: regular}, {attribute: tier, is: gold}]}}", True),
        ("everyone", REGULARS, True),
        ("everyone", "{demographic: {gender: [female]}, limit: 9}", True),
        ("{where: {attribute: tier, is: gold}}", "{where: {attribute: tier, is: silver}}", False),
        ("{everyone: true, exclude: [{tag: regular}]}", REGULARS, False),
        (REGULARS, "{demographic: {gender: [female]}, limit: 9}", False),
    ],
)
def test_only_where_everybody_of_one_is_surely_in_the_other(
    tmp_path: Path, one: str, other: str, *, told: bool
) -> None:
    first = CAMPAIGN.replace("audience: everyone", f"audience: {one}")
    found = problems(write(tmp_path, SMALL, files(second(audience=other), first)))
    assert [problem.code for problem in found] == (["E121"] if told else [])


def test_a_limit_that_leaves_them_out_needs_no_warning(tmp_path: Path) -> None:
    assert problems(write(tmp_path, SMALL, files(second(), limits="{per_friend: {}}"))) == []


def test_unless_one_of_them_does_not_keep_it(tmp_path: Path) -> None:
    limits = "{per_friend: {same_body: 2h}}"
    near = second('{at: "2026-12-01T11:00"}') + "capped: send\n"
    found = only(write(tmp_path, SMALL, files(near, limits=limits)))
    assert found.message == "messages: campaign.sale sends the same to the same friends within 2h"
    far = second('{at: "2026-12-01T12:00"}') + "capped: send\n"
    assert problems(write(tmp_path, SMALL, files(far, limits=limits))) == []


@pytest.mark.parametrize(
    ("text", "told"), [("{{ friend.name | default('お客様') }}さま", True), ("{{ run.date | date }}のお知らせ", False)]
)
def test_a_text_that_reads_a_friend_is_the_same_twice_and_one_that_reads_the_day_is_not(
    tmp_path: Path, text: str, *, told: bool
) -> None:
    first = CAMPAIGN.replace("text: こんにちは", f'text: "{text}"')
    found = problems(write(tmp_path, SMALL, files(second(text=text), first)))
    assert [problem.code for problem in found] == (["E121"] if told else [])
