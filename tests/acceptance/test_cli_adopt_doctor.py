"""``adopt`` writes down what others made, and ``doctor`` says what is in the way; neither touches the account."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lineform.line.account import HttpLineAccount
from lineform.loading.project import load_project
from lineform.model.address import Address, Kind
from lineform.model.richmenu import RichMenuSpec
from lineform.model.richmenu_line import richmenu_to_line
from lineform.sandbox.control import Control
from support.command_line import SALON, SALON_BOT, Run, by_api

ONE = ("--client", SALON)


def _menu(*actions: dict[str, Any]) -> dict[str, Any]:
    width = 2500 // len(actions)
    areas = [
        {"bounds": {"x": width * place, "y": 10, "width": width, "height": 800}, "action": action}
        for place, action in enumerate(actions)
    ]
    return {
        "size": {"width": 2500, "height": 843},
        "selected": False,
        "name": "夏: made by hand",
        "chatBarText": "夏メニュー",
        "areas": areas,
    }


PLAIN = _menu(
    {"type": "uri", "label": "予約", "uri": "https://example.com/a?b=1#c"},
    {"type": "message", "text": "yes"},
    {"type": "postback", "label": "0123", "data": "a: 1", "displayText": "はい\n# どうぞ"},
    {"type": "clipboard", "clipboardText": "{'x': 1}"},
    {"type": "datetimepicker", "label": "日時", "data": "d", "mode": "datetime"},
)


def _make(menu: dict[str, Any], *aliases: str, default: bool = False) -> str:
    """Somebody else makes this menu by the API; its id."""
    out = BytesIO()
    Image.new("RGB", (2500, 843), "#dff0e4").save(out, "PNG")

    async def act(account: HttpLineAccount) -> str:
        menu_id = await account.create_menu(menu)
        await account.upload_menu_image(menu_id, out.getvalue(), "image/png")
        for alias in aliases:
            await account.create_alias(alias, menu_id)
        if default:
            await account.set_default_menu(menu_id)
        return menu_id

    return by_api(act)


def _writes(line: Control) -> list[dict[str, Any]]:
    return [request for request in line.requests() if request["method"] != "GET"]


def test_an_adopted_menu_says_what_the_live_one_says(workspace: Path, empty_line: Control, run: Run) -> None:
    menu_id = _make(PLAIN, "summer")
    before = len(_writes(empty_line))
    told = run("adopt", menu_id, "summer", *ONE)
    assert told.code == 0
    assert "plan --adopt richmenu.summer" in told.out
    folder = workspace / "clients" / SALON / "richmenus"
    assert (folder / "summer.png").read_bytes().startswith(b"\x89PNG")
    spec = load_project(workspace).clients[SALON].resources[Address(Kind.RICHMENU, "summer")].spec
    assert isinstance(spec, RichMenuSpec)
    assert {**richmenu_to_line(spec), "name": PLAIN["name"]} == PLAIN
    assert len(_writes(empty_line)) == before


def test_an_adopted_menu_is_taken_over_by_a_plan(workspace: Path, empty_line: Control, run: Run) -> None:
    run("adopt", _make(PLAIN, "summer"), "summer", *ONE)
    assert "G102" in run("plan", *ONE).out
    plan = run("plan", "--adopt", "richmenu.summer", *ONE)
    assert plan.code == 0
    assert "richmenu.summer" in plan.out


def test_menus_that_switch_to_each_other_are_adopted_together(workspace: Path, empty_line: Control, run: Run) -> None:
    def tab(other: str) -> dict[str, Any]:
        return {"type": "richmenuswitch", "richMenuAliasId": other, "data": f"switch={other}"}

    one, two = _make(_menu(tab("two")), "one"), _make(_menu(tab("one")), "two")
    alone = run("adopt", one, "one", *ONE)
    assert alone.code == 3
    assert "nothing was written" in alone.err
    assert not list((workspace / "clients" / SALON / "richmenus").glob("one.*"))
    assert run("adopt", one, "one", two, "two", *ONE).code == 0
    assert run("validate").code == 0


def test_what_a_file_cannot_say_is_refused_with_the_reason(workspace: Path, empty_line: Control, run: Run) -> None:
    menu = _menu({"type": "uri", "uri": "https://example.com", "altUri": {"desktop": "https://example.com/pc"}})
    menu_id = _make(menu)
    refused = run("adopt", menu_id, "summer", *ONE)
    assert refused.code == 4
    assert "altUri" in refused.err
    told = run("adopt", menu_id, "summer", "--lossy", *ONE)
    assert told.code == 0
    assert "lost: areas[0].action.altUri" in told.err


def test_a_text_that_would_become_an_expression_is_refused(workspace: Path, empty_line: Control, run: Run) -> None:
    menu_id = _make(_menu({"type": "message", "text": "{{ values.phone }}"}))
    refused = run("adopt", menu_id, "summer", *ONE)
    assert refused.code == 4
    assert "expression" in refused.err


def test_our_own_menu_and_an_unknown_one_are_refused(applied: Path, line: Control, run: Run) -> None:
    ours = by_api(HttpLineAccount.menus)[0]["richMenuId"]
    assert run("adopt", ours, "summer", *ONE).code == 4
    assert run("adopt", "richmenu-0", "summer", *ONE).code == 64
    assert run("adopt", ours, "main", *ONE).code == 64
    assert run("adopt", ours, *ONE).code == 64
    assert run("adopt", ours, "Summer", *ONE).code == 64


def test_a_shared_menu_says_who_has_to_name_it(workspace: Path, empty_line: Control, run: Run) -> None:
    told = run("adopt", _make(PLAIN), "summer", "--shared", *ONE)
    assert told.code == 0
    assert (workspace / "richmenus" / "summer.yaml").is_file()
    assert "uses: richmenus:" in told.out


def test_a_healthy_account_has_no_failures(applied: Path, line: Control, run: Run) -> None:
    before = len(_writes(line))
    told = run("doctor", "--format", "json", *ONE)
    assert told.code == 0
    verdicts = {check["subject"]: check["verdict"] for check in told.data["checks"]}
    assert verdicts[f"{SALON}: bot"] == verdicts[f"{SALON}: default menu"] == verdicts["store"] == "ok"
    assert len(_writes(line)) == before


def test_a_doctor_makes_nothing(workspace: Path, empty_line: Control, run: Run) -> None:
    told = run("doctor", *ONE)
    assert told.code == 0
    assert "not used yet" in told.out
    assert not (workspace / ".lineform").exists()
    assert not _writes(empty_line)


def test_a_missing_token_and_a_wrong_bot_are_failures(
    workspace: Path, empty_line: Control, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_line.add_account(name="other", bot_id="U" + "9" * 32, token="token-of-another-bot", plan_limit=10)
    monkeypatch.setenv("AOBA_SALON_LINE_TOKEN", "token-of-another-bot")
    told = run("doctor")
    assert told.code == 8
    assert f"U{'9' * 32}" in told.out
    assert SALON_BOT not in told.out
    assert "KITA_JUKU_LINE_TOKEN is not set" in told.out
    assert "token-of-another-bot" not in told.out


def test_a_foreign_default_menu_and_a_low_quota_are_warnings(workspace: Path, empty_line: Control, run: Run) -> None:
    _make(PLAIN, default=True)
    empty_line.change(SALON, plan_limit=0)
    told = run("doctor", *ONE)
    assert told.code == 0
    assert "richmenu.main cannot be the default" in told.out
    assert "--adopt richmenu.main" in told.out


def test_an_invalid_workspace_is_one_failure(workspace: Path, run: Run) -> None:
    (workspace / "lineform.yaml").write_text("kind: project\n", encoding="utf-8")
    told = run("doctor")
    assert told.code == 3
    assert "lineform validate" in told.out


def test_a_doctor_at_the_offline_account_says_nothing_of_the_token_in_the_environment(applied: Path, run: Run) -> None:
    told = run("doctor", *ONE, "--sandbox")
    assert "AOBA_SALON_LINE_TOKEN is set" not in told.out
    assert "the offline account's own" in told.out
