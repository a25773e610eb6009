"""What a campaign does for whoever it reaches is refused when it is written, where it cannot be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.loading import load_project
from lineform.planning.arming import revisions_of
from support.workspaces import CAMPAIGN, SMALL, only, problems, write

ONE_BY_ONE = "audience: {where: {not: {tag: regular}}, expect: {max: 100}}"
MENU = """\
kind: richmenu
name: spring
bar: 春
size: compact
grid: [1, 1]
cells: [{at: A1, label: 春, icon: star, message: 春}]
"""


def does(do: str, audience: str = ONE_BY_ONE) -> dict[str, str]:
    text = CAMPAIGN.replace("audience: everyone", audience)
    return {"campaigns/sale.yaml": f"{text}do: {do}\n", "richmenus/spring.yaml": MENU}


@pytest.mark.parametrize("do", ["[{menu: spring}]", "[{tag: regular}, {menu: none}]", "[{set: {tier: gold}}]"])
def test_menus_tags_and_attributes_are_what_a_campaign_may_do(tmp_path: Path, do: str) -> None:
    assert problems(write(tmp_path, SMALL, does(do))) == []


@pytest.mark.parametrize("audience", ["audience: everyone", "audience: {demographic: {gender: [female]}, limit: 9}"])
def test_where_line_chooses_nobody_knows_for_whom(tmp_path: Path, audience: str) -> None:
    found = only(write(tmp_path, SMALL, does("[{menu: spring}]", audience)))
    assert (found.code, str(found.origin)) == ("E118", "campaigns/sale.yaml:7:5")
    assert "segment or a condition" in found.hint


@pytest.mark.parametrize(
    ("action", "hint"),
    [
        ("{send: [{text: a}]}", "'messages'"),
        ("{form: f}", "scenario"),
        ("{record: {event: e}}", "tag"),
        ("{call: shop}", "scenario"),
    ],
)
def test_what_is_not_for_all_is_refused_with_another_way(tmp_path: Path, action: str, hint: str) -> None:
    found = only(write(tmp_path, SMALL, does(f"[{action}]")))
    assert found.origin.line == 7
    assert "nothing that a campaign does" in found.message
    assert hint in found.message


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("{menu: sprin}", "E330"),
        ("{tag: regulra}", "E302"),
        ("{set: {tier: bronze}}", "E306"),
        ("{start: welcome}", "E331"),
    ],
)
def test_what_it_names_has_to_exist(tmp_path: Path, action: str, code: str) -> None:
    found = only(write(tmp_path, SMALL, does(f"[{action}]")))
    assert (found.code, found.origin.line) == (code, 7)


def test_a_campaign_that_does_nothing_is_the_revision_that_it_was_and_another_deed_is_another(tmp_path: Path) -> None:
    plain = does("[]")["campaigns/sale.yaml"].replace("do: []\n", "")
    bodies = []
    for files in ({"campaigns/sale.yaml": plain}, does("[{tag: regular}]"), does("[{untag: regular}]")):
        (client,) = load_project(write(tmp_path, SMALL, files)).clients.values()
        bodies.append(revisions_of(client)["campaign.sale"])
    assert "do" not in bodies[0].body
    assert [one.body["do"] for one in bodies[1:]] == [[{"tag": "regular"}], [{"untag": "regular"}]]
    assert len({one.digest for one in bodies}) == 3
