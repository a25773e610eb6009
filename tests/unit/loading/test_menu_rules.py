"""A file of menu rules is checked as a whole: its menus, its conditions, their order."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.loading import load_project
from lineform.model.problem import Severity
from support.workspaces import CLIENT, SMALL, only, problems, short, write

HEAD = "kind: menu-rules\nname: rules\n"
USES = CLIENT.replace(
    'uses: {campaigns: ["*"], richmenus: ["*"]}', 'uses: {campaigns: ["*"], richmenus: ["*"], menu_rules: [rules]}'
)


def menu(name: str, more: str = "") -> str:
    return f"kind: richmenu\nname: {name}\nbar: メニュー\n{more}cells: [{{at: A1, message: a}}]\n"


def files(rules: str, **more: str) -> dict[str, str]:
    return {
        "clients/aoba.yaml": USES,
        "richmenus/main.yaml": menu("main", "default: true\n"),
        "richmenus/loyal.yaml": menu("loyal"),
        "richmenus/rules.yaml": HEAD + rules,
        **more,
    }


GOOD = "rules:\n  - {if: {tag: regular}, menu: loyal}\ndefault: none\n"


def test_rules_that_are_right_are_loaded(tmp_path: Path) -> None:
    assert problems(write(tmp_path, SMALL, files(GOOD))) == []
    assert "menu-rules.rules" in {str(address) for address in load_project(tmp_path).clients["aoba"].resources}


@pytest.mark.parametrize(
    ("old", "new", "code", "place", "hint"),
    [
        ("menu: loyal", "menu: loyl", "E408", "4:32", "did you mean 'loyal'?"),
        ("default: none", "default: mein", "E408", "5:10", "did you mean 'main'?"),
        ("tag: regular", "tag: regulr", "E302", "4:16", "did you mean 'regular'?"),
        ("tag: regular", "attribute: nam, known: true", "E301", "4:22", "did you mean 'name'?"),
        ("tag: regular", "segment: nobody", "E303", "4:20", "write it under segments, or let the client use it"),
        ("default: none\n", "", "E102", "1:1", ""),
        ("default: none", "default: none\ntaps: resect", "E103", "6:7", ""),
        ("menu: loyal", "menue: loyal", "E101", "4:26", "did you mean 'menu'?"),
        ("{tag: regular}", "{}", "E103", "4:10", ""),
    ],
)
def test_a_fault_points_at_its_place(tmp_path: Path, old: str, new: str, code: str, place: str, hint: str) -> None:
    found = problems(write(tmp_path, SMALL, files(GOOD.replace(old, new))))
    assert [(one.code, str(one.origin)) for one in found][:1] == [(code, f"richmenus/rules.yaml:{place}")]
    assert hint in found[0].hint


def test_a_missing_default_hides_no_unknown_menu(tmp_path: Path) -> None:
    rules = GOOD.replace("menu: loyal", "menu: loyl").replace("default: none\n", "")
    assert short(problems(write(tmp_path, SMALL, files(rules)))) == [
        "E102 richmenus/rules.yaml:1:1",
        "E408 richmenus/rules.yaml:4:32",
    ]


def test_a_rule_behind_a_wider_one_is_never_reached(tmp_path: Path) -> None:
    rules = (
        "rules:\n"
        "  - {if: {any: [{tag: regular}, {attribute: name, is: 花子}]}, menu: loyal}\n"
        "  - {if: {all: [{attribute: name, known: true}, {tag: regular}]}, menu: main}\n"
        "default: none\n"
    )
    found = only(write(tmp_path, SMALL, files(rules)))
    assert (found.code, str(found.origin)) == ("E410", "richmenus/rules.yaml:5:10")
    assert "rules[0]" in found.message


def test_a_narrower_rule_may_stand_before_a_wider_one(tmp_path: Path) -> None:
    rules = (
        "rules:\n"
        "  - {if: {all: [{attribute: name, known: true}, {tag: regular}]}, menu: main}\n"
        "  - {if: {tag: regular}, menu: loyal}\n"
        "default: none\n"
    )
    assert problems(write(tmp_path, SMALL, files(rules))) == []


def test_a_client_has_one_file_of_rules(tmp_path: Path) -> None:
    more = {
        "clients/aoba.yaml": USES.replace("[rules]", '["*"]'),
        "richmenus/second.yaml": HEAD.replace("rules", "second", 2).replace("menu-second", "menu-rules") + GOOD,
    }
    found = only(write(tmp_path, SMALL, {**files(GOOD), **more}))
    assert (found.code, found.address) == ("E409", "menu-rules.second")


def test_a_default_that_everybody_sees_anyway_is_warned_about(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, files(GOOD.replace("default: none", "default: main"))))
    assert (found.code, found.severity) == ("E411", Severity.WARNING)


def test_no_menu_can_be_called_none(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, files(GOOD, **{"richmenus/none.yaml": menu("none")})))
    assert (found.code, str(found.origin)) == ("E103", "richmenus/none.yaml:2:7")
