"""Plans as text, Markdown and JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lineform.planning.change import Action
from lineform.planning.live import Quota
from lineform.planning.plan import PlanFile
from lineform.report.markdown import COMMENT, SUMMARY, Limit, escaped
from lineform.report.plan_markdown import plan_markdown
from lineform.report.plan_words import month
from lineform.report.plans import plan_json, plan_text
from lineform.run.outcome import Outcome, TickEntry
from lineform.sending.cost import Budget
from support.plans import AOBA, BLOCKED, EMPTY, FILE, LIVE, NOON, OUTLOOKS, SENDS

GOLDEN = Path(__file__).parents[2] / "golden" / "report"


def test_a_plan_on_a_terminal_looks_like_this() -> None:
    assert plan_text(FILE, LIVE, OUTLOOKS) + "\n" == (GOLDEN / "plan.txt").read_text(encoding="utf-8")


def test_a_plan_in_a_comment_looks_like_this() -> None:
    assert plan_markdown(FILE, LIVE, OUTLOOKS) == (GOLDEN / "plan.md").read_text(encoding="utf-8")


def test_an_empty_plan_says_so_and_has_nothing_to_approve() -> None:
    assert plan_text(EMPTY, {}, {}) == "mori\n  no changes\n\nNothing to do: every account is as declared."
    assert "nothing to do" in plan_markdown(EMPTY, {}, {})


def test_the_whole_digest_is_there_to_be_approved() -> None:
    assert f"digest {FILE.digest}" in plan_text(FILE, LIVE, OUTLOOKS)
    assert FILE.digest in plan_markdown(FILE, LIVE, OUTLOOKS)
    assert json.loads(plan_json(FILE, LIVE, OUTLOOKS))["digest"] == FILE.digest


def test_every_action_has_a_line_of_its_own() -> None:
    changes = tuple(
        replace(AOBA.changes[0], action=action, address=f"richmenu.{action.name.lower()}") for action in Action
    )
    text = plan_text(replace(FILE, clients=(replace(AOBA, changes=changes),)), {}, {}, colour=True)
    for action in Action:
        [line] = [line for line in text.split("\n") if f"richmenu.{action.name.lower()} " in line]
        assert action.value in line
        assert action.word in line
        assert line.startswith("  \x1b[")


@pytest.mark.parametrize(
    ("quota", "text"),
    [
        (Quota(None, 7), "this month: 7 messages used, no limit"),
        (Quota(5000, 1200), "this month: 1,200 of 5,000 messages used, 3,800 left, 2,566 after these sends"),
        (Quota(200, 150), "this month: 150 of 200 messages used, 50 left, 0 after these sends (1,184 too few)"),
    ],
)
def test_the_month_is_told_with_what_the_sends_leave_of_it(quota: Quota, text: str) -> None:
    assert month(replace(LIVE["aoba"], quota=quota), SENDS, NOON) == text


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (Budget(2000, 30), "2,566 after these sends; 1,264 of the budget of 2,000 messages with these sends"),
        (Budget(1262, 30), "; 1,264 of the budget of 1,262 messages with these sends (2 too many)"),
    ],
)
def test_the_month_names_the_clients_own_budget_and_what_all_sends_together_make_of_it(
    budget: Budget, said: str
) -> None:
    assert month(LIVE["aoba"], SENDS, NOON, budget).endswith(said)
    assert said in plan_text(FILE, LIVE, OUTLOOKS, budgets={"aoba": budget})
    assert escaped(said) in plan_markdown(FILE, LIVE, OUTLOOKS, budgets={"aoba": budget})
    unlimited = replace(LIVE["aoba"], quota=Quota(None, 7))
    assert month(unlimited, (), NOON, budget).endswith(f"no limit; 30 of the budget of {budget.limit:,} messages")


def test_what_goes_in_a_later_month_leaves_this_one_as_it_is() -> None:
    text = month(LIVE["aoba"], SENDS, NOON - timedelta(days=1), Budget(1000, 30))
    assert text == "this month: 1,200 of 5,000 messages used, 3,800 left; 30 of the budget of 1,000 messages"


def many(count: int) -> PlanFile:
    clients = [replace(AOBA, client=f"client-{number:03}") for number in range(count)]
    return replace(FILE, clients=(*clients, replace(BLOCKED, client="blocked-one")))


@pytest.mark.parametrize("limit", [COMMENT, SUMMARY, Limit(4000, bytes=True), Limit(900, bytes=False)])
@pytest.mark.parametrize("count", [1, 40, 600])
def test_markdown_always_fits_and_keeps_the_blocked_client(count: int, limit: Limit) -> None:
    file = many(count)
    text = plan_markdown(file, {}, {}, limit=limit)
    assert limit.holds(text)
    assert "#### blocked-one" in text
    assert file.digest in text


def test_what_is_left_out_is_said() -> None:
    text = plan_markdown(many(600), {}, {}, limit=Limit(9000, bytes=True))
    shown = text.count("#### ")
    assert f"… and {601 - shown:,} more clients" in text
    assert "Shortened to fit" in text
    assert "Shortened" not in plan_markdown(FILE, LIVE, OUTLOOKS)


def test_foreign_names_cannot_break_out_of_the_markdown() -> None:
    foreign = tuple(replace(menu, name="</details><img src=x> ![](x) @team") for menu in AOBA.foreign)
    text = plan_markdown(replace(FILE, clients=(replace(AOBA, foreign=foreign),)), {}, {})
    assert "<img" not in text
    assert "@team" not in text
    assert text.count("</details>") == 3


def test_the_json_tells_the_sends_and_the_quota() -> None:
    value = json.loads(plan_json(FILE, LIVE, OUTLOOKS))
    aoba, kawa, mori = value["clients"]
    assert value["empty"] is False
    assert aoba["account"] == {
        "basic_id": "@aoba",
        "display_name": "青葉サロン",
        "quota": {"limit": 5000, "used": 1200, "left": 3800},
    }
    assert aoba["sends"][0]["routes"] == {"multicast": 3}
    assert aoba["sends"][0]["cost"] == {"messages": 1234, "calls": 3, "yen": 0.0}
    assert (aoba["sends"][0]["seconds"], aoba["sends"][0]["recipients_hash"]) == (0, SENDS[0].recipients_hash)
    assert aoba["sends"][1]["guard"] == "G201"
    assert (aoba["sends"][1]["seconds"], aoba["sends"][1]["recipients_hash"]) == (None, None)
    assert kawa["account"] is None
    assert kawa["changes"][0]["code"] == "G102"
    assert mori["empty"] is True


def test_what_stays_without_a_file_is_not_called_as_declared() -> None:
    stays = replace(AOBA.changes[0], action=Action.UNDECLARED, address="richmenu.tab")
    one = replace(FILE, clients=(replace(AOBA, changes=(stays,), steps=()),))
    said = "verything declared is there, and 1 resource without a file stays until `--prune`."
    assert plan_text(one, {}, {}).endswith(f"Nothing to do: e{said}")
    assert f"E{said}" in plan_markdown(one, {}, {})
    two = replace(one, clients=(*one.clients, replace(one.clients[0], client="mori")))
    assert "2 resources without a file stay until" in plan_text(two, {}, {})


def test_a_scenario_that_two_steps_stop_is_told_and_counted_once() -> None:
    armed = replace(AOBA.changes[0], action=Action.ARM, address="scenario.welcome")
    steps = [replace(armed, action=Action.BLOCKED, reason=f"step '{step}'", code="G218") for step in ("one", "two")]
    file = replace(FILE, clients=(replace(AOBA, changes=(armed, *steps), steps=()),))
    begins = TickEntry("scenario.welcome", "", Outcome.WOULD_BEGIN, reason="begins for friends")
    text = plan_text(file, {}, {AOBA.client: (begins,)})
    assert text.count("would begin") == 1
    assert [step in text for step in ("step 'one'", "step 'two'")] == [True, True]
    assert "Plan: 1 blocked (1 client)" in text
    assert "lineform plan: 1 blocked (1 client)" in plan_markdown(file, {}, {})
