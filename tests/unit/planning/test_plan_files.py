"""Plan files and snapshots: stable, complete, without secrets, and refused where they cannot be trusted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from lineform.errors import UsageError
from lineform.model.base import Spec
from lineform.planning.live import DefaultMenu
from lineform.planning.options import PlanOptions
from lineform.planning.plan import PlanFile, make_plan
from lineform.planning.planjson import plan_from_json, plan_to_json
from lineform.planning.snapshot import Snapshot, snapshot_from_json, snapshot_to_json
from support.declared_clients import campaign, client, menu
from support.live_accounts import NOW, foreign_menu, live, live_menu

OLD, NEW = (menu("main", message=text, default=True) for text in ("old", "new"))
LIVE = live([live_menu("m1", OLD), foreign_menu("f1")], {"main": "m1", "theirs": "f1"}, "m1")
OPTIONS = PlanOptions(prune=True, grace=timedelta(hours=2), adopt=frozenset({"richmenu.b", "richmenu.a"}))


def a_plan_file() -> PlanFile:
    owner = client(NEW, campaign("sale"))
    return PlanFile(NOW, OPTIONS, (make_plan(owner, LIVE, {}, {"campaign.sale": "5a1e"}, NOW, OPTIONS),))


def test_a_plan_is_read_back_as_it_was_written() -> None:
    plan = a_plan_file()
    assert plan_from_json(plan_to_json(plan)) == plan


def test_the_same_plan_gives_the_same_bytes() -> None:
    assert plan_to_json(a_plan_file()) == plan_to_json(a_plan_file())


def test_a_plan_file_reads_like_this() -> None:
    written = json.loads(plan_to_json(a_plan_file()))
    (planned,) = written.pop("clients")
    assert written == snapshot(
        {
            "format_version": 1,
            "digest": "8b3a1fa49b12a8b65308e4c43027e314b95763c7b84a4d9720499d6e6e96ff4e",
            "made_at": "2026-11-22T07:19:00+00:00",
            "options": {"prune": True, "grace_seconds": 7200, "adopt": ["richmenu.a", "richmenu.b"], "replace": []},
        }
    )
    assert planned == snapshot(
        {
            "client": "salon",
            "bot": "U00000000000000000000000000000001",
            "digest": "1e58ab5007df40044e78a95a1f86ca5da39e07f219bf0f145da156e6dc575438",
            "empty": False,
            "recorded": True,
            "changes": [
                {
                    "action": "arm",
                    "glyph": "+»",
                    "address": "campaign.sale",
                    "before": {"digest": ""},
                    "after": {"digest": "5a1e"},
                    "reason": "not armed yet",
                    "hint": "",
                    "code": "",
                    "housekeeping": False,
                    "menu_id": "",
                    "details": [],
                    "goes": "at 2026-12-01T10:00",
                },
                {
                    "action": "replace",
                    "glyph": "~",
                    "address": "richmenu.main",
                    "before": {
                        "menu": "d6e0c3a50b908dc6f69fb9fad0ce1df5",
                        "default": "d6e0c3a50b908dc6f69fb9fad0ce1df5",
                    },
                    "after": {
                        "menu": "fb7e615d16fc24c1c3e0d21f1940f55d",
                        "default": "fb7e615d16fc24c1c3e0d21f1940f55d",
                    },
                    "reason": "its content or image changed",
                    "hint": "",
                    "code": "",
                    "housekeeping": False,
                    "menu_id": "",
                    "details": [
                        {"path": "areas[0].action.text", "before": "old", "after": "new"},
                        {"path": "areas[0].action.label", "before": "old", "after": "new"},
                    ],
                },
            ],
            "foreign": [{"menu_id": "f1", "name": "made by hand", "aliases": ["theirs"], "default": False}],
            "foreign_audiences": [],
            "foreign_coupons": [],
            "steps": [
                "ask LINE whether it accepts richmenu.main",
                "create richmenu.main",
                "upload the image of richmenu.main",
                "check that the image of richmenu.main is there",
                "point the alias main to richmenu.main",
                "make richmenu.main the default menu",
                "move the friends of 1 replaced menu to the new ones, in one batch",
                "wait until the friends of 1 replaced menu are moved",
                "arm campaign.sale: it is sent when it is due",
            ],
            "estimate": {
                "counts": {"new menus": 1, "moves of linked friends": 1},
                "at_least_seconds": 0,
                "because": "",
            },
        }
    )


def test_a_plan_that_was_changed_by_hand_is_refused() -> None:
    text = plan_to_json(a_plan_file())
    with pytest.raises(UsageError, match="changed after it was made"):
        plan_from_json(text.replace('"5a1e"', '"beef"'))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": 1}', '{"format_version": 1, "options": 3}'])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        plan_from_json(text)


def test_a_plan_of_a_later_version_is_refused() -> None:
    text = plan_to_json(a_plan_file()).replace('"format_version": 1', '"format_version": 2')
    with pytest.raises(UsageError, match="format version 2"):
        plan_from_json(text)


def test_the_digest_is_of_the_meaning_and_not_of_moments_ids_or_words() -> None:
    plan = a_plan_file()
    other_ids = live([live_menu("m7", OLD), foreign_menu("f9", "another")], {"main": "m7"}, "m7")
    again = make_plan(
        client(NEW, campaign("sale")), other_ids, {}, {"campaign.sale": "5a1e"}, NOW + timedelta(days=1), OPTIONS
    )
    assert again.digest == plan.clients[0].digest
    assert replace(plan, made_at=NOW + timedelta(days=1)).digest == plan.digest


@pytest.mark.parametrize(
    ("declared", "recorded"),
    [((OLD, campaign("sale")), {}), ((NEW,), {}), ((NEW, campaign("sale")), {"campaign.x": "1"})],
)
def test_another_meaning_has_another_digest(declared: tuple[Spec, ...], recorded: dict[str, str]) -> None:
    owner = client(*declared)
    other = make_plan(owner, LIVE, recorded, {"campaign.sale": "5a1e"}, NOW, OPTIONS)
    assert other.digest != a_plan_file().clients[0].digest


def test_a_client_without_changes_does_not_change_the_digest_of_all() -> None:
    plan = a_plan_file()
    idle = make_plan(client(name="idle"), live(), {}, {}, NOW)
    assert replace(plan, clients=(*plan.clients, idle)).digest == plan.digest


def test_a_snapshot_is_read_back_and_plans_the_same() -> None:
    taken = Snapshot(NOW, {"salon": LIVE, "other": live(default=DefaultMenu(foreign=True))}, {"salon": {}})
    read = snapshot_from_json(snapshot_to_json(taken))
    assert read == taken
    owner = client(NEW, campaign("sale"))
    planned = make_plan(owner, read.accounts["salon"], read.recorded["salon"], {"campaign.sale": "5a1e"}, NOW, OPTIONS)
    assert planned == a_plan_file().clients[0]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format_version": 2}', '{"format_version": 1, "accounts": {"a": 1}}']
)
def test_what_is_no_snapshot_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        snapshot_from_json(text)
