"""What a client's limits say against its campaigns is told when files are validated, not when a send is due."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.loading import load_project
from lineform.model.problem import Severity
from support.workspaces import CAMPAIGN, CLIENT, PROJECT, SMALL, only, problems, write

AT = 'schedule: {at: "2026-12-01T10:00"}'
EVERYONE = "audience: everyone"


def limited(limits: str, **changes: str) -> dict[str, str]:
    """The small workspace's files with these limits, and lines of the campaign replaced."""
    text = CAMPAIGN
    for old, new in {AT: changes.get("schedule", AT), EVERYONE: changes.get("audience", EVERYONE)}.items():
        text = text.replace(old, new)
    return {"clients/aoba.yaml": f"{CLIENT}limits: {limits}\n", "campaigns/sale.yaml": text + changes.get("more", "")}


NIGHT = 'schedule: {at: "2026-12-01T22:00"}'


def test_a_demographic_audience_cannot_keep_limits_for_single_friends(tmp_path: Path) -> None:
    files = limited("{per_friend: {week: 3}}", audience="audience: {demographic: {gender: [female]}, limit: 9}")
    found = only(write(tmp_path, SMALL, files))
    assert (found.code, str(found.origin)) == ("E118", "campaigns/sale.yaml:3:25")
    assert "capped: send" in found.hint


def test_unless_it_says_that_it_does_not_keep_them(tmp_path: Path) -> None:
    audience = "audience: {demographic: {gender: [female]}, limit: 9}"
    assert (
        problems(write(tmp_path, SMALL, limited("{per_friend: {week: 3}}", audience=audience, more="capped: send\n")))
        == []
    )


@pytest.mark.parametrize("word", ["hold", "skip"])
def test_waiting_needs_to_know_for_how_long(tmp_path: Path, word: str) -> None:
    schedule = f'schedule: {{at: "2026-12-01T10:00", if_late: {word}}}'
    found = only(write(tmp_path, SMALL, limited("{}", schedule=schedule, more="capped: wait\n")))
    assert (found.code, found.origin.line) == ("E118", 7)


def test_a_time_inside_of_quiet_hours_is_a_warning(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, limited('{quiet: "21:00-09:00"}', schedule=NIGHT)))
    assert (found.code, found.severity, found.origin.line) == ("E114", Severity.WARNING, 4)
    assert "2026-12-02T09:00" in found.message


@pytest.mark.parametrize(("schedule", "more"), [(AT, ""), (NIGHT, "quiet_hours: send\n"), (NIGHT, "enabled: false\n")])
def test_no_other_time_is(tmp_path: Path, schedule: str, more: str) -> None:
    assert problems(write(tmp_path, SMALL, limited('{quiet: "21:00-09:00"}', schedule=schedule, more=more))) == []


NIGHTLY = 'schedule: {cron: "0 7,8,12 * * *"}'


def test_a_rule_that_comes_due_in_quiet_hours_is_a_warning(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, limited('{quiet: "21:00-09:00"}', schedule=NIGHTLY)))
    assert (found.code, found.severity, str(found.origin)) == ("E114", Severity.WARNING, "campaigns/sale.yaml:4:18")
    where = "lies in the quiet hours 21:00-09:00 at 07:00 and 08:00"
    assert found.message == f"schedule.cron {where}: it is sent at 09:00"


def test_so_is_one_outside_of_all_windows(tmp_path: Path) -> None:
    windows = '{windows: {allow: [{days: [mon], hours: "10:00-18:00"}, {hours: "11:00-12:00"}]}}'
    found = only(write(tmp_path, SMALL, limited(windows, schedule=NIGHTLY)))
    assert found.code == "E114"
    assert found.message == "schedule.cron lies in a time outside of limits.windows at 07:00 and 08:00"


@pytest.mark.parametrize(
    ("schedule", "more"),
    [
        ('schedule: {cron: "0 9-20 * * *"}', ""),
        (NIGHTLY, "quiet_hours: send\n"),
        ('schedule: {cron: "0 7 * * *", timezone: America/New_York}', ""),
    ],
)
def test_a_rule_that_does_not_or_may_disturb_is_none(tmp_path: Path, schedule: str, more: str) -> None:
    assert problems(write(tmp_path, SMALL, limited('{quiet: "21:00-09:00"}', schedule=schedule, more=more))) == []


SCENARIO = """\
kind: scenario
name: welcome
trigger: {follow: {}}
steps:
  - {id: hello, after: 1d, at: "22:00", send: [{text: こんにちは}]}
  - {id: noon, after: 2d, at: "12:00", send: [{text: 昼}]}
  - {id: mark, after: 3d, at: "22:00", do: [{tag: regular}]}
  - {id: ask, after: 4d, at: "22:00", wait: {for: {tag: regular}, within: 1d, then: [{send: [{text: はい}]}]}}
"""


def in_a_scenario(text: str) -> dict[str, str]:
    client = CLIENT.replace("uses: {", 'uses: {scenarios: ["*"], ') + 'limits: {quiet: "21:00-09:00"}\n'
    return {"clients/aoba.yaml": client, "campaigns/welcome.yaml": text}


def test_a_step_that_sends_in_quiet_hours_is_a_warning(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, in_a_scenario(SCENARIO)))
    assert (found.code, found.severity, str(found.origin)) == (
        "E114",
        Severity.WARNING,
        "campaigns/welcome.yaml:5:32",
    )
    assert found.message == "steps[0].at lies in the quiet hours 21:00-09:00: it is sent at 09:00"


def test_unless_the_scenario_sends_in_quiet_hours(tmp_path: Path) -> None:
    assert problems(write(tmp_path, SMALL, in_a_scenario(SCENARIO + "quiet_hours: send\n"))) == []


@pytest.mark.parametrize(
    "limits", ['{quiet: "21:00"}', '{quiet: "9:00-21:00"}', "{per_friend: {week: 0}}", "{per_friend: {month: 3}}"]
)
def test_limits_that_cannot_be_understood_are_refused_where_they_stand(tmp_path: Path, limits: str) -> None:
    found = only(write(tmp_path, SMALL, limited(limits)))
    assert found.origin.file == "clients/aoba.yaml"
    assert found.severity is Severity.ERROR


def test_a_client_may_take_back_what_the_project_limits(tmp_path: Path) -> None:
    shared = {"lineform.yaml": PROJECT + 'defaults: {limits: {quiet: "21:00-09:00", per_friend: {week: 3}}}\n'}
    project = load_project(write(tmp_path, SMALL, shared, limited("{per_friend: null}")))
    limits = project.clients["aoba"].limits
    assert (limits.quiet, limits.per_friend) == ("21:00-09:00", None)


@pytest.mark.parametrize("audience", [EVERYONE, "audience: {demographic: {gender: [female]}, limit: 9}"])
def test_a_rollout_needs_friends_who_are_chosen_one_by_one(tmp_path: Path, audience: str) -> None:
    more = "rollout: [{percent: 5, wait: 45m}, {percent: 100}]\n"
    found = only(write(tmp_path, SMALL, limited("{}", audience=audience, more=more)))
    assert (found.code, found.origin.line) == ("E118", 7)


def test_a_rollout_over_a_segment_is_fine(tmp_path: Path) -> None:
    more = "rollout: [{percent: 5, wait: 45m}, {percent: 100}]\n"
    audience = "audience: {where: {tag: regular}}"
    assert problems(write(tmp_path, SMALL, limited("{}", audience=audience, more=more))) == []


@pytest.mark.parametrize(
    "rollout",
    ["[{percent: 5, wait: 45m}]", "[{percent: 5}, {percent: 100}]", "[{percent: 101}]", "[{percent: 100, wait: 1h}]"],
)
def test_a_rollout_that_means_nothing_is_refused_where_it_stands(tmp_path: Path, rollout: str) -> None:
    audience = "audience: {where: {tag: regular}}"
    found = only(write(tmp_path, SMALL, limited("{}", audience=audience, more=f"rollout: {rollout}\n")))
    assert (found.code, found.origin.line) == ("E103", 7)
