"""M2 on the command line: the plan says how many friends change menu, `explain` says why for one of them."""

from __future__ import annotations

from pathlib import Path

from support.command_line import BEFORE, SALON, Run, replace

OFFLINE = ("--client", SALON, "--sandbox", "--now", BEFORE)
MAY, REGULAR, NOBODY = (f"U{number:032x}" for number in (0xA1, 0xA2, 0xA3))
ROWS = f"user_id,birthday,visits\n{MAY},1990-05-31,3\n{REGULAR},1985-11-30,12\n{NOBODY},,1\n"


def imported(workspace: Path, run: Run) -> None:
    (workspace / "more.csv").write_text(ROWS, encoding="utf-8")
    assert run("friends", "import", "more.csv", *OFFLINE).code == 0


def test_the_plan_says_how_many_friends_change_menu(workspace: Path, run: Run) -> None:
    imported(workspace, run)
    told = run("plan", "--format", "json", *OFFLINE)
    (entry,) = [one for one in told.data["clients"][0]["sends"] if one["address"] == "menu-rules.rules"]
    assert (entry["outcome"], entry["recipients"]) == ("would link", 1)
    assert "birthday (anniversary of birthday is this month): 1, of whom 1 change" in entry["reason"]
    assert "regulars (has tag regular or visits is at least 8): 0, of whom 0 change" in entry["reason"]
    for output in ("text", "markdown"):
        assert "1, of whom 1 change" in run("plan", "--format", output, *OFFLINE).out


def test_a_plan_without_rules_says_who_loses_a_menu(workspace: Path, run: Run) -> None:
    imported(workspace, run)
    assert run("apply", "--yes", *OFFLINE).code == 0
    assert "1 of 1 friend" in run("run", *OFFLINE).out
    (workspace / "clients" / SALON / "richmenus" / "rules.yaml").unlink()
    plan = run("plan", *OFFLINE).out
    assert "disarm: its file is gone" in plan
    assert "no menu of their own (otherwise): 3, of whom 1 change" in plan


def test_explain_says_which_rule_and_why(workspace: Path, run: Run) -> None:
    imported(workspace, run)
    asked = ("explain", "menu-rules.rules", *OFFLINE, "--friend")
    before = run(*asked, REGULAR).out
    assert "is to see 'birthday' of aoba-salon: by rule 1" in before
    assert "✓ anniversary of birthday is this month (birthday is 1985-11-30, today is 2026-11-30)" in before
    assert "recorded: nothing was linked yet" in before
    assert "these rules are not armed" in before
    assert run("apply", "--yes", *OFFLINE).code == 0
    assert run("run", *OFFLINE).code == 0
    after = run(*asked, REGULAR).out
    assert "recorded: 'birthday' since 2026-11-30" in after
    assert "not armed" not in after
    december = ("--now", "2026-12-01T00:00")
    rest = run("explain", "menu-rules.rules", "--client", SALON, "--sandbox", *december, "--friend", REGULAR).out
    assert "is to see 'regulars' of aoba-salon: by rule 2" in rest
    assert "✗ anniversary of birthday is this month" in rest
    assert "✓ visits is at least 8 (visits is 12)" in rest
    nobody = run(*asked, NOBODY).out
    assert "is to see no menu of their own of aoba-salon: because no rule holds" in nobody
    assert "? anniversary of birthday is this month (birthday is unknown" in nobody


def test_explain_refuses_what_says_nothing_about_one_friend(workspace: Path, run: Run) -> None:
    imported(workspace, run)
    asked = ("explain", "richmenu.main", *OFFLINE, "--friend", MAY)
    refused = run(*asked)
    assert refused.code == 64
    assert "segments explain" in refused.err
    unknown = run("explain", "menu-rules.rules", *OFFLINE, "--friend", "U" + "0" * 32)
    assert unknown.code == 64


def test_menus_are_counted_by_rule(workspace: Path, run: Run) -> None:
    imported(workspace, run)
    assert "no rules are armed" in run("menus", *OFFLINE).out
    assert run("apply", "--yes", *OFFLINE).code == 0
    data = run("menus", "--format", "json", *OFFLINE).data
    assert [(one["menu"], one["friends"], one["to_change"]) for one in data["rules"]] == [
        ("birthday", 1, 1),
        ("regulars", 0, 0),
        (None, 2, 0),
    ]
    run("run", *OFFLINE)
    told = run("menus", *OFFLINE).out
    assert "linked to 1 friend: birthday 1" in told
    assert "to change" not in told


def test_an_unknown_menu_is_refused_with_the_nearest_name(workspace: Path, run: Run) -> None:
    rules = workspace / "clients" / SALON / "richmenus" / "rules.yaml"
    replace(rules, "menu: birthday", "menu: birthdy")
    refused = run("validate")
    assert refused.code == 3
    assert "E408" in refused.out
    assert "did you mean 'birthday'?" in refused.out
