"""``plan``, ``apply`` and ``drift`` on the command line: what they exit with, and what they leave alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lineform.line.account import HttpLineAccount
from lineform.sandbox.control import Control
from lineform.store import open_store
from support.command_line import BEFORE, DUE, SALON, SCHOOL, Run, by_api, replace

ONE = ("--client", SALON)
OFFLINE = (*ONE, "--sandbox", "--now", BEFORE)
MENU = {
    "size": {"width": 2500, "height": 843},
    "selected": False,
    "name": "made by hand",
    "chatBarText": "menu",
    "areas": [
        {"bounds": {"x": 0, "y": 0, "width": 2500, "height": 843}, "action": {"type": "message", "text": "hello"}}
    ],
}


@pytest.mark.parametrize("output", ["text", "markdown"])
def test_a_plan_that_sends_names_the_clients_own_budget(workspace: Path, run: Run, output: str) -> None:
    assert " of the budget of 3,000 messages" in run("plan", "--format", output, *OFFLINE).out


def test_what_was_applied_plans_empty(applied: Path, run: Run) -> None:
    plan = run("plan", "--detailed-exitcode", *OFFLINE)
    assert plan.code == 0
    assert "Nothing to do" in plan.out


def test_a_second_apply_does_nothing(applied: Path, line: Control, run: Run) -> None:
    before = len(line.requests())
    again = run("apply", "--yes", *ONE)
    assert again.code == 0
    assert "Nothing to do" in again.out
    assert {request["method"] for request in line.requests(after=before)} == {"GET"}


def test_a_plan_tells_changes_by_its_exit_code_where_asked(workspace: Path, run: Run) -> None:
    assert run("plan", *OFFLINE).code == 0
    assert run("plan", "--detailed-exitcode", *OFFLINE).code == 2


def test_a_plan_as_json_holds_one_object_and_nothing_else(applied: Path, run: Run) -> None:
    replace(applied / "richmenus" / "main.yaml", "bar: メニュー", "bar: こちら")
    data = run("plan", "--format", "json", *OFFLINE).data
    assert data["clients"][0]["client"] == SALON


def test_a_plan_file_is_applied_and_is_used_once(applied: Path, run: Run) -> None:
    replace(applied / "campaigns" / "winter-offer.yaml", "within: 2h", "within: 3h")
    assert run("plan", "--out", "plan.json", *OFFLINE).code == 0
    done = run("apply", "plan.json", *OFFLINE)
    assert done.code == 0
    assert "campaign.winter-offer" in done.out
    assert "nothing to do" in run("apply", "plan.json", *OFFLINE).out


def test_a_plan_file_of_yesterday_is_stale(applied: Path, run: Run) -> None:
    replace(applied / "campaigns" / "winter-offer.yaml", "within: 2h", "within: 3h")
    run("plan", "--out", "plan.json", *OFFLINE)
    replace(applied / "campaigns" / "winter-offer.yaml", "within: 3h", "within: 4h")
    stale = run("apply", "plan.json", *OFFLINE)
    assert stale.code == 5
    assert "plan again" in stale.err


@pytest.mark.parametrize("saved", [True, False])
def test_a_send_whose_old_version_went_out_since_it_was_approved_is_stale(applied: Path, run: Run, saved: bool) -> None:
    replace(applied / "campaigns" / "winter-offer.yaml", "%OFF", "%オフ")
    planned = run("plan", "--out", "plan.json", "--format", "json", *OFFLINE)
    assert run("run", *ONE, "--sandbox", "--now", DUE).code == 0
    given = ("plan.json",) if saved else ("--digest", planned.data["digest"])
    stale = run("apply", *given, *ONE, "--sandbox", "--now", DUE)
    assert stale.code == 5
    assert "plan" in stale.err
    if saved:
        assert "campaign.winter-offer: approved was that it goes at 2026-12-" in stale.err


def test_another_digest_than_the_approved_one_is_stale(applied: Path, run: Run) -> None:
    replace(applied / "campaigns" / "winter-offer.yaml", "within: 2h", "within: 3h")
    assert run("apply", "--digest", "0" * 64, *OFFLINE).code == 5


def test_without_a_terminal_nothing_is_applied_unasked(applied: Path, run: Run) -> None:
    replace(applied / "campaigns" / "winter-offer.yaml", "within: 2h", "within: 3h")
    refused = run("apply", *OFFLINE)
    assert refused.code == 4
    assert "--yes" in refused.err
    assert run("plan", "--detailed-exitcode", *OFFLINE).code == 2


def test_a_plan_file_takes_no_more_options(applied: Path, run: Run) -> None:
    run("plan", "--out", "plan.json", *OFFLINE)
    assert run("apply", "plan.json", "--prune", *OFFLINE).code == 64


def test_a_token_of_another_bot_is_refused(
    applied: Path, line: Control, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.add_account(name="other", bot_id="U" + "9" * 32, token="token-of-another-bot", plan_limit=10)
    monkeypatch.setenv("AOBA_SALON_LINE_TOKEN", "token-of-another-bot")
    for verb in (("plan",), ("apply", "--yes"), ("run",)):
        refused = run(*verb, *ONE)
        assert refused.code == 8, verb
        assert "token-of-another-bot" not in refused.out + refused.err


def test_an_expired_token_is_refused(applied: Path, line: Control, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    line.add_token(SALON, "short-lived", kind="short", seconds=60)
    monkeypatch.setenv("AOBA_SALON_LINE_TOKEN", "short-lived")
    assert run("plan", *ONE).code == 0
    line.advance(61)
    expired = run("plan", *ONE)
    assert expired.code == 8
    assert "expired" in expired.err
    assert f"{SALON}: " in expired.err
    assert "AOBA_SALON_LINE_TOKEN" in expired.err
    assert "short-lived" not in expired.out + expired.err


def test_a_missing_token_is_named_and_the_other_client_goes_on(applied: Path, line: Control, run: Run) -> None:
    plan = run("plan")
    assert plan.code == 8
    assert "KITA_JUKU_LINE_TOKEN" in plan.err
    assert "KITA_JUKU_LINE_TOKEN" in plan.out
    assert "nothing to do" not in plan.out.lower()
    assert SALON in plan.out


def test_line_that_is_down_is_told_apart(applied: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOBA_SALON_LINE_TOKEN", "any")
    monkeypatch.setenv("LINEFORM_LINE_ORIGIN", "http://127.0.0.1:9")
    monkeypatch.setattr("lineform.line.calls.PAUSES", ())
    for verb in (("drift",), ("plan",), ("apply", "--yes"), ("run",)):
        down = run(*verb, *ONE)
        assert down.code == 9, verb
        assert f"{SALON}: " in down.err
        assert "then repeat the same command" in down.err
        assert "as declared" not in down.out
        assert "no clients" not in down.out


def test_a_foreign_alias_blocks_the_plan(workspace: Path, empty_line: Control, run: Run) -> None:
    async def make(account: HttpLineAccount) -> None:
        await account.create_alias("main", await _menu(account))

    by_api(make)
    blocked = run("plan", *ONE)
    assert blocked.code == 4
    assert "G102" in blocked.out
    assert run("apply", "--yes", *ONE).code == 4
    assert not [request for request in empty_line.requests() if request["path"].endswith("/richmenu/validate")]


async def _menu(account: HttpLineAccount) -> str:
    menu_id = await account.create_menu(MENU)
    await account.upload_menu_image(menu_id, _image(), "image/png")
    return menu_id


def _image() -> bytes:
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("RGB", (2500, 843), "#dff0e4").save(out, "PNG")
    return out.getvalue()


def test_two_applies_at_once_are_one(applied: Path, line: Control, run: Run) -> None:
    replace(applied / "campaigns" / "winter-offer.yaml", "within: 2h", "within: 3h")
    now = datetime.now(UTC)
    with open_store(f"sqlite:///{applied}/.lineform/offline.db") as store:
        assert store.lease(f"apply:{SALON}", "elsewhere:1:abc", now, timedelta(minutes=5))
        locked = run("apply", "--yes", *ONE)
    assert locked.code == 6
    assert "elsewhere" in locked.err


def test_an_apply_that_line_stops_is_finished_by_the_next(workspace: Path, empty_line: Control, run: Run) -> None:
    empty_line.fault("error-before", method="POST", path="/v2/bot/richmenu/alias", status=400)
    stopped = run("apply", "--yes", *ONE)
    assert stopped.code == 9
    assert "failed" in stopped.out
    assert run("apply", "--yes", *ONE).code == 0
    assert "Nothing to do" in run("plan", *ONE).out
    assert len(by_api(HttpLineAccount.menus)) == 4


def test_a_limit_of_line_is_a_pause(workspace: Path, empty_line: Control, run: Run) -> None:
    empty_line.fault("rate-limit", method="POST", path="/v2/bot/richmenu", count=None)
    paused = run("apply", "--yes", *ONE)
    assert paused.code == 7
    assert "run the same command again" in paused.err
    assert run("plan", "--detailed-exitcode", *ONE).code == 2


def test_drift_is_seen_and_repaired(applied: Path, line: Control, run: Run) -> None:
    assert run("drift", *ONE).code == 0

    async def remove(account: HttpLineAccount) -> None:
        await account.delete_alias("news")

    by_api(remove)
    drifted = run("drift", *ONE)
    assert drifted.code == 2
    assert f"drift: {SALON}" in drifted.out
    assert run("apply", "--yes", *ONE).code == 0
    assert run("drift", *ONE).code == 0


def test_a_snapshot_plans_without_any_secret(applied: Path, run: Run) -> None:
    assert run("plan", "--save-snapshot", "live.json", *OFFLINE).code == 0
    replace(applied / "richmenus" / "main.yaml", "bar: メニュー", "bar: こちら")
    plan = run("plan", "--snapshot", "live.json", *ONE, "--detailed-exitcode")
    assert plan.code == 2
    assert "richmenu.main" in plan.out


def test_a_hosted_runner_with_a_ledger_of_its_own_applies_nothing(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_ENVIRONMENT", "github-hosted")
    monkeypatch.setenv("AOBA_SALON_LINE_TOKEN", "any")
    for verb in (("apply", "--yes"), ("run",)):
        refused = run(*verb, *ONE)
        assert refused.code == 4
        assert "G301" in refused.err


def test_nothing_is_deleted_without_the_word(applied: Path, run: Run) -> None:
    (applied / "richmenus" / "news.yaml").unlink()
    for menu in (applied / "richmenus" / "main.yaml", *(applied / "clients").glob("*/richmenus/*.yaml")):
        text = menu.read_text(encoding="utf-8")
        menu.write_text(text.replace("switch: news", "message: news"), encoding="utf-8")
    plan = run("plan", *OFFLINE)
    assert "--prune" in plan.out
    pruned = run("plan", "--prune", *OFFLINE)
    assert "delete" in pruned.out.casefold()


def test_the_other_client_is_untouched(applied: Path, line: Control, run: Run) -> None:
    assert [account["name"] for account in line.accounts()] == [SALON]
    assert SCHOOL not in run("plan", *ONE).out
