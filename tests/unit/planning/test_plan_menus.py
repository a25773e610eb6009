"""Declared menus against live ones: what is planned, in which order, and what is left alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lineform.model.base import Spec
from lineform.model.menu_rules import MenuRulesSpec
from lineform.model.richmenu import RichMenuSpec
from lineform.planning.arming import revisions_of
from lineform.planning.change import Action
from lineform.planning.live import DefaultMenu, LiveAccount
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan, make_plan
from lineform.planning.steps import describe
from support.declared_clients import client, menu
from support.live_accounts import LONG_AGO, NOW, foreign_menu, live, live_menu

OLD = menu("main", message="old", default=True)
NEW = menu("main", message="new", default=True)


def plan(*declared: RichMenuSpec, on: LiveAccount, unmoved: tuple[str, ...] = (), **options: Any) -> ClientPlan:
    said = PlanOptions(**options)
    return make_plan(client(*declared), on, None, {}, NOW, said, unmoved)


def actions(made: ClientPlan) -> list[tuple[Action, str]]:
    return [(change.action, change.address) for change in made.changes]


def words(made: ClientPlan) -> list[str]:
    return [describe(step) for step in made.steps]


def test_a_declared_menu_that_is_nowhere_is_created_with_alias_and_default() -> None:
    made = plan(NEW, on=live())
    assert actions(made) == [(Action.CREATE, "richmenu.main")]
    assert words(made) == [
        "ask LINE whether it accepts richmenu.main",
        "create richmenu.main",
        "upload the image of richmenu.main",
        "check that the image of richmenu.main is there",
        "create the alias main for richmenu.main",
        "make richmenu.main the default menu",
    ]


def test_a_menu_that_is_as_declared_is_no_change() -> None:
    made = plan(NEW, on=live([live_menu("m1", NEW)], {"main": "m1"}, "m1"))
    assert made.empty
    assert made.changes == ()
    assert list(made.settled) == ["richmenu.main"]


def test_an_edit_is_a_replacement_that_says_what_changes() -> None:
    made = plan(NEW, on=live([live_menu("m1", OLD)], {"main": "m1"}, "m1"))
    assert actions(made) == [(Action.REPLACE, "richmenu.main")]
    differences = [(d.path, d.before, d.after) for d in made.changes[0].details]
    assert differences == [("areas[0].action.text", "old", "new"), ("areas[0].action.label", "old", "new")]
    assert words(made)[4:] == [
        "point the alias main to richmenu.main",
        "make richmenu.main the default menu",
        "move the friends of 1 replaced menu to the new ones, in one batch",
        "wait until the friends of 1 replaced menu are moved",
    ]
    assert made.drifted


def test_a_replaced_menu_retires_until_its_grace_is_over_and_counts_as_nothing() -> None:
    successor = live_menu("m2", NEW, created=NOW - timedelta(hours=23, minutes=59))
    made = plan(NEW, on=live([live_menu("m1", OLD), successor], {"main": "m2"}, "m2"))
    assert actions(made) == [(Action.RETIRING, "richmenu.main")]
    assert made.empty
    assert made.steps == ()
    assert "2026-11-22 07:20 UTC" in made.changes[0].reason


def test_a_retired_menu_is_deleted_after_its_grace_and_after_one_more_move() -> None:
    successor = live_menu("m2", NEW, created=NOW - timedelta(hours=24))
    made = plan(NEW, on=live([live_menu("m1", OLD), successor], {"main": "m2"}, "m2"))
    assert actions(made) == [(Action.DELETE, "richmenu.main")]
    assert words(made)[0].startswith("move the friends")
    assert words(made)[-1] == "delete richmenu.main (m1)"
    nothing = plan(NEW, on=live([successor], {"main": "m2"}, "m2"))
    assert made.digest == nothing.digest, "tidying up follows from what was approved before"
    assert not made.drifted, "what only waits to go is no drift"


def test_a_menu_to_which_the_default_still_points_is_never_deleted_as_retired() -> None:
    successor = live_menu("m2", NEW, created=LONG_AGO)
    made = plan(NEW, on=live([live_menu("m1", OLD), successor], {"main": "m2"}, "m1"))
    assert actions(made) == [(Action.REPAIR, "richmenu.main")]
    assert not any("delete" in step for step in words(made))


def test_a_menu_that_an_interrupted_apply_left_is_used_again() -> None:
    unfinished = live_menu("m2", NEW, created=NOW - timedelta(minutes=5), has_image=False)
    made = plan(NEW, on=live([live_menu("m1", OLD), unfinished], {"main": "m1"}, "m1"))
    assert actions(made) == [(Action.REPLACE, "richmenu.main")]
    assert words(made)[0] == "upload the image of richmenu.main (m2)"
    complete = live_menu("m2", NEW, created=NOW - timedelta(minutes=5), has_image=True)
    made = plan(NEW, on=live([live_menu("m1", OLD), complete], {"main": "m1"}, "m1"))
    assert words(made)[0] == "point the alias main to richmenu.main (m2)"


def test_going_back_to_an_earlier_version_makes_a_new_menu_so_that_the_grace_counts_anew() -> None:
    first = live_menu("m1", OLD, created=LONG_AGO)
    second = live_menu("m2", NEW, created=NOW - timedelta(hours=1))
    made = plan(OLD, on=live([first, second], {"main": "m2"}, "m2"))
    assert actions(made) == [(Action.REPLACE, "richmenu.main")]
    assert "create richmenu.main" in words(made)


def test_of_two_equal_menus_the_aliased_one_stays_and_the_other_retires() -> None:
    twins = [live_menu("m1", NEW), live_menu("m2", NEW)]
    made = plan(NEW, on=live(twins, {"main": "m2"}, "m2"), grace=timedelta(days=60))
    assert [(c.action, c.menu_id) for c in made.changes] == [(Action.RETIRING, "m1")]


def test_of_two_equal_menus_without_an_alias_the_oldest_is_used() -> None:
    twins = [
        live_menu("m9", NEW, created=NOW - timedelta(minutes=9), has_image=True),
        live_menu("m1", NEW, created=NOW - timedelta(minutes=1), has_image=True),
    ]
    assert words(plan(NEW, on=live(twins)))[0] == "create the alias main for richmenu.main (m9)"


def test_foreign_menus_are_reported_and_never_touched() -> None:
    made = plan(NEW, on=live([foreign_menu("f1"), live_menu("m1", NEW)], {"main": "m1", "theirs": "f1"}, "m1"))
    assert made.empty
    assert [(m.menu_id, m.name, m.aliases) for m in made.foreign] == [("f1", "made by hand", ("theirs",))]


def test_a_menu_of_another_client_is_foreign() -> None:
    theirs = live_menu("m1", NEW, owner="kita-juku")
    made = plan(menu("other"), on=live([theirs], {"main": "m1"}), prune=True)
    assert actions(made) == [(Action.CREATE, "richmenu.other")]
    assert [m.menu_id for m in made.foreign] == ["m1"]


def test_our_alias_on_a_foreign_menu_blocks_the_whole_plan() -> None:
    made = plan(NEW, menu("other"), on=live([foreign_menu("f1")], {"main": "f1"}))
    assert (made.changes[0].action, made.changes[0].code) == (Action.BLOCKED, "G102")
    assert made.steps == ()
    refusal = made.refusal()
    assert refusal is not None
    assert (refusal.exit_code, refusal.code) == (4, "G102")
    assert "--adopt richmenu.main" in refusal.hint


def test_an_adopted_alias_is_taken_over_with_its_friends_and_its_menu_stays() -> None:
    made = plan(NEW, on=live([foreign_menu("f1")], {"main": "f1"}), adopt=frozenset({"richmenu.main"}))
    assert actions(made) == [(Action.REPLACE, "richmenu.main")]
    assert "point the alias main to richmenu.main" in words(made)
    assert "move the friends of 1 replaced menu to the new ones, in one batch" in words(made)
    assert not any("delete" in step for step in words(made))


@pytest.mark.parametrize(
    "default", [DefaultMenu(foreign=True), DefaultMenu("f1")], ids=["of another tool", "without our mark"]
)
def test_a_foreign_default_menu_blocks_only_who_declares_a_default(default: DefaultMenu) -> None:
    account = live([foreign_menu("f1")], default=default)
    blocked = plan(NEW, on=account)
    assert [change.code for change in blocked.blocked] == ["G103"]
    assert plan(menu("main"), on=account).refusal() is None
    adopted = plan(NEW, on=account, adopt=frozenset({"richmenu.main"}))
    assert words(adopted)[-1] == "make richmenu.main the default menu"


def test_an_alias_that_somebody_pointed_elsewhere_is_repaired() -> None:
    other = menu("other")
    account = live([live_menu("m1", NEW), live_menu("m2", other)], {"main": "m2", "other": "m2"}, "m1")
    made = plan(NEW, other, on=account)
    assert actions(made) == [(Action.REPAIR, "richmenu.main")]


def test_an_alias_that_is_gone_or_dead_is_made_again_on_the_menu_that_is_there() -> None:
    made = plan(NEW, on=live([live_menu("m1", NEW, created=NOW, has_image=True)], {"main": "deleted"}, "m1"))
    assert words(made) == ["point the alias main to richmenu.main (m1)"]


def test_a_default_menu_that_was_cleared_or_changed_is_repaired() -> None:
    other = menu("other")
    menus = [live_menu("m1", NEW), live_menu("m2", other)]
    for default in ("", "m2"):
        made = plan(NEW, other, on=live(menus, {"main": "m1", "other": "m2"}, default))
        assert "make richmenu.main (m1) the default menu" in words(made)
        assert made.counts[Action.REPAIR] == len(made.changes)


def test_a_menu_that_is_no_longer_declared_the_default_is_cleared() -> None:
    made = plan(menu("main"), on=live([live_menu("m1", menu("main"))], {"main": "m1"}, "m1"))
    assert words(made) == ["clear the default menu"]


def test_toggling_the_default_makes_no_new_menu() -> None:
    made = plan(NEW, on=live([live_menu("m1", menu("main", message="new"))], {"main": "m1"}))
    assert words(made) == ["make richmenu.main (m1) the default menu"]


def test_a_removed_file_is_shown_and_nothing_is_deleted_without_the_word() -> None:
    account = live([live_menu("m1", NEW)], {"main": "m1"}, "m1")
    made = plan(on=account)
    assert actions(made) == [(Action.UNDECLARED, "richmenu.main")]
    assert made.empty
    assert "--prune" in made.changes[0].hint


def test_prune_deletes_in_the_order_that_line_advises() -> None:
    account = live([live_menu("m1", NEW)], {"main": "m1"}, "m1")
    made = plan(on=account, prune=True)
    assert actions(made) == [(Action.DELETE, "richmenu.main")]
    assert words(made) == [
        "clear the default menu",
        "delete the alias main",
        "move the friends of 1 removed menu to the default menu, in one batch",
        "wait until the friends of 1 removed menu are moved",
        "delete richmenu.main (m1)",
    ]


def pruned(*declared: Spec, default: str, friends: int) -> ClientPlan:
    """Main's file is gone, and so many friends are recorded on it."""
    home = live_menu("m2", menu("home"))
    account = live([live_menu("m1", NEW), home], {"main": "m1", "home": "m2"}, default)
    said = PlanOptions(prune=True)
    owner = client(menu("home"), *declared)
    digests = {address: one.digest for address, one in revisions_of(owner).items()}
    return make_plan(owner, account, {}, digests, NOW, said, shown={"main": friends, "home": 9})


RULES = MenuRulesSpec.model_validate(
    {
        "kind": "menu-rules",
        "name": "rules",
        "rules": ({"if": {"language": "ja"}, "menu": "home"},),
        "default": "none",
    }
)


def test_a_menu_that_goes_leaves_nobody_without_one() -> None:
    made = pruned(default="m1", friends=3)
    blocked = [change for change in made.changes if change.code == "G107"]
    assert [change.address for change in blocked] == ["richmenu.main"]
    assert "3 friends" in blocked[0].reason
    assert made.steps == ()


def test_a_menu_that_nobody_sees_may_go_without_a_successor() -> None:
    assert not pruned(default="m1", friends=0).blocked
    assert not pruned(default="m2", friends=3).blocked


def test_friends_of_a_menu_that_goes_get_those_of_the_rules_before_it_does() -> None:
    made = pruned(RULES, default="m1", friends=3)
    (gone,) = (change for change in made.changes if change.action is Action.DELETE)
    assert "3 friends recorded on it, who see the menus of the rules before it goes" in gone.reason
    assert words(made)[1:] == [
        "delete the alias main",
        "move the friends of 1 removed menu to the default menu, in one batch",
        "wait until the friends of 1 removed menu are moved",
        "arm menu-rules.rules: from now on it says who sees which menu",
        "give the friends recorded on main the menus of the rules",
        "delete richmenu.main (m1)",
    ]


def test_a_pruned_default_menu_is_first_replaced_as_default() -> None:
    account = live([live_menu("m1", NEW)], {"main": "m1"}, "m1")
    made = plan(menu("home", default=True), on=account, prune=True)
    said = words(made)
    assert said.index("make richmenu.home the default menu") < said.index("delete richmenu.main (m1)")
    assert "clear the default menu" not in said


def test_a_protected_menu_survives_its_file_and_the_word() -> None:
    protected = menu("main", protect=True)
    for prune in (False, True):
        made = plan(on=live([live_menu("m1", protected)], {"main": "m1"}), prune=prune)
        assert actions(made) == [(Action.KEEP, "richmenu.main")]
        assert made.empty
        assert "protect: false" in made.changes[0].hint


def test_friends_whom_an_earlier_apply_did_not_move_are_moved() -> None:
    successor = live_menu("m2", NEW, created=NOW - timedelta(minutes=30))
    account = live([live_menu("m1", OLD), successor], {"main": "m2"}, "m2")
    made = plan(NEW, on=account, unmoved=("m1",))
    assert actions(made)[0] == (Action.REPAIR, "richmenu.main")
    assert len(made.steps) == 2


def test_an_alias_that_somebody_else_gave_to_our_menu_goes_along_with_its_replacement() -> None:
    made = plan(NEW, on=live([live_menu("m1", OLD)], {"main": "m1", "promo": "m1"}, "m1"))
    assert "point the alias promo to richmenu.main" in words(made)


def test_a_full_account_blocks_the_plan_instead_of_breaking_in_the_middle() -> None:
    full = [foreign_menu(f"f{i}") for i in range(1000)]
    made = plan(NEW, on=live(full))
    assert [change.code for change in made.blocked] == ["G104"]
    assert plan(on=live(full)).empty


def test_a_token_of_another_bot_is_refused_before_anything_is_compared() -> None:
    made = plan(NEW, on=live(bot="U" + "f" * 32))
    refusal = made.refusal()
    assert refusal is not None
    assert (refusal.exit_code, refusal.code) == (8, "G101")
    assert made.steps == ()


def test_an_unfinished_menu_older_than_the_grace_is_not_used_while_its_predecessor_is_shown() -> None:
    stale = live_menu("m2", NEW, created=NOW - timedelta(hours=25), has_image=True)
    made = plan(NEW, on=live([live_menu("m1", OLD), stale], {"main": "m1"}, "m1"))
    assert "create richmenu.main" in words(made)
    assert not any("delete" in step for step in words(made))


def test_friends_are_moved_too_where_only_the_default_still_shows_the_old_menu() -> None:
    successor = live_menu("m2", NEW, created=NOW - timedelta(minutes=5))
    made = plan(NEW, on=live([live_menu("m1", OLD), successor], {"main": "m2"}, "m1"))
    assert words(made)[:2] == [
        "make richmenu.main (m2) the default menu",
        "move the friends of 1 replaced menu to the new ones, in one batch",
    ]


def test_nobody_is_moved_to_an_undeclared_menu_that_nothing_shows() -> None:
    made = plan(on=live([live_menu("m1", OLD), live_menu("m2", NEW, has_image=False)]))
    assert {change.action for change in made.changes} == {Action.UNDECLARED, Action.RETIRING}
    assert made.steps == ()
