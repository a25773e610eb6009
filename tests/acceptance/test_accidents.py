"""Accidents that others had with messages to many people, row by row; and where each row of the tables is a test."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from lineform.run.outcome import Outcome
from lineform.sandbox.control import Control
from support.command_line import BEFORE, SALON, Run, replace
from support.declared_clients import campaign
from support.delivering import DUE, Scene

TESTS = Path(__file__).parents[1]
PERSONAL = ({"text": "{{ friend.display_name }}さま"},)
ONE = ("--client", SALON, "--now", BEFORE)


@pytest.mark.parametrize(
    "text",
    [
        " 先頭と末尾の空白 \n",
        "改行\r\nタブ\t、\\n と \\u3042 は文字のまま",
        "が か\u3099 ①㈱ ～〜 ﾊﾝｶｸ",
        "👨‍👩‍👧‍👦🇯🇵 \u200b \u2028 <b>&amp;</b> \"'",
        "{one} } % # 50%",
    ],
)
def test_message_text_is_byte_identical_after_rendering(origin: str, tmp_path: Path, text: str) -> None:
    around = ({"text": text}, {"text": text + "{{ friend.display_name }}" + text})
    here = Scene(origin, tmp_path, campaign("a", messages=around), friends=[{"displayName": text.strip() or "F"}])
    here.move(DUE)
    assert [entry.outcome for entry in here.tick().entries] == [Outcome.SENT]
    assert [one.encode() for one in here.texts()[here.users[0]]] == [
        text.encode(),
        f"{text}{text.strip()}{text}".encode(),
    ]


def test_pause_30_hours_resume_no_duplicate(origin: str, tmp_path: Path) -> None:
    """LINE's retry key lives 24 hours: what it may have delivered before is never asked for again after them."""
    schedule = {"at": "2026-12-01T10:00", "if_late": {"within": "2d"}}
    here = Scene(origin, tmp_path, campaign("a", messages=PERSONAL, schedule=schedule), friends=6)
    here.move(DUE)
    here.control.fault("cut-after", path="/v2/bot/message/push", skip=1, count=9)
    here.tick(concurrency=1, patience=0.0, should_stop=lambda: here.received().total() > 2)
    here.control.clear_faults()
    reached = here.received().total()
    assert 1 < reached < 6
    before = len(here.calls())
    here.move(DUE + timedelta(hours=30))
    (entry,) = here.tick().entries
    assert entry.outcome is Outcome.UNCERTAIN
    assert (len(here.calls()) - before, here.received().total()) == (6 - reached, 6)
    assert here.once_each()
    assert here.tick().entries == ()


def test_a_file_removed_from_git_shows_the_prune_in_the_plan_and_needs_the_word(
    applied: Path, line: Control, run: Run
) -> None:
    (applied / "richmenus" / "news.yaml").unlink()
    for menu in (applied / "richmenus" / "main.yaml", *(applied / "clients").glob("*/richmenus/*.yaml")):
        menu.write_text(menu.read_text(encoding="utf-8").replace("switch: news", "message: news"), encoding="utf-8")
    replace(applied / "campaigns" / "winter-offer.yaml", "within: 2h", "within: 3h")
    said = run("plan", *ONE).out
    assert "richmenu.news" in said
    assert "--prune" in said
    assert run("apply", "--yes", *ONE).code == 0
    assert _deleted(line) == []
    assert run("apply", "--yes", "--prune", *ONE).code == 0
    assert _deleted(line), "the alias of the menu at least; the menu itself after its grace"


def _deleted(line: Control) -> list[str]:
    return [one["path"] for one in line.requests() if one["method"] == "DELETE" and "alias" in one["path"]]


ROWS = {
    "D1 broadcast": "acceptance/test_rows_of_sends.py::test_d1_a_broadcast_needs_the_word_everyone",
    "D1 the plan prints people and cost": (
        "acceptance/test_rows_of_sends.py::test_d1_the_plan_prints_people_and_cost_and_it_is_one_call"
    ),
    "D2 attribute send with the name inserted": (
        "acceptance/test_rows_of_sends.py::test_d2_distinct_renderings_are_pushed_and_equal_ones_share_a_multicast"
    ),
    "D2 an undefined variable fails validation": (
        "acceptance/test_rows_of_sends.py::test_d2_an_undefined_variable_fails_validation_with_its_place"
    ),
    "D3 loyal members only": (
        "acceptance/test_rows_of_sends.py::test_u3_linked_members_get_a_gift_code_each_and_the_sale_and_nobody_else_does"
    ),
    "D3 an empty pool stops the send": (
        "acceptance/test_codes.py::test_a_pool_with_too_few_codes_stops_the_send_before_it_starts"
    ),
    "D4 price drop, restock": (
        "acceptance/test_items_and_calls.py"
        "::test_a_price_drop_reaches_each_friend_who_favoured_the_item_once_within_one_tick"
    ),
    "D5 recommendation": "acceptance/test_recommendations.py::test_d5_every_friend_gets_a_carousel_of_their_own",
    "D5 from a feed": "acceptance/test_recommendations.py::test_d5_a_feed_may_name_the_items_of_each_friend",
    "D6 any segment": "acceptance/test_rows_of_sends.py::test_d6_a_boolean_tree_chooses_and_never_a_blocked_friend",
    "D6 an empty tree is an error": "acceptance/test_rows_of_sends.py::test_d6_an_empty_tree_is_an_error",
    "D7 offsets without drift": (
        "acceptance/test_scenario_rules.py::test_offsets_count_from_the_anchor_however_late_the_runs_are"
    ),
    "D7 time of day, calendar months": (
        "acceptance/test_scenario_rules.py::test_a_step_has_its_time_of_day_its_weekday_and_its_calendar_month"
    ),
    "D7 branches with else": "acceptance/test_scenario_rules.py::test_a_branch_leads_everybody_somewhere",
    "D7 goal exit": "acceptance/test_scenario_rules.py::test_whoever_reaches_the_goal_leaves",
    "D7 quiet hours": (
        "acceptance/test_scenario_rules.py::test_quiet_hours_keep_the_order_of_steps_and_the_worth_of_coupons"
    ),
    "D8 scheduled and recurring": (
        "acceptance/test_rows_of_sends.py"
        "::test_d8_a_rule_keeps_its_time_zone_holidays_and_exclusions_and_never_sends_twice"
    ),
    "D8 late runner": "acceptance/test_rows_of_sends.py::test_d8_a_late_runner_holds_skips_or_sends_by_rule",
    "D9 greeting, closed days": (
        "acceptance/test_rows_of_sends.py::test_d9_a_greeting_and_the_closed_days_are_told_once_a_year"
    ),
    "D9 birthday": (
        "acceptance/test_rows_of_sends.py"
        "::test_d9_a_birthday_is_congratulated_once_a_year_though_it_runs_daily_and_the_day_is_corrected"
    ),
    "D9 birthday, as a scenario": (
        "acceptance/test_scenario_dates.py"
        "::test_a_birthday_that_is_corrected_or_armed_anew_is_not_congratulated_twice_in_a_year"
    ),
    "D10 relative validity": ("acceptance/test_coupons.py::test_a_text_says_until_when_from_the_day_it_is_sent"),
    "D10 an expired coupon in a later step is a plan error": (
        "unit/loading/test_coupons.py::test_a_coupon_that_is_over_when_it_is_brought_is_refused"
    ),
    "D11 moved": "acceptance/test_scenario_dates.py::test_a_reminder_follows_a_booking_that_moves",
    "D11 cancelled": "acceptance/test_scenario_dates.py::test_a_booking_that_is_cancelled_is_reminded_of_no_more",
    "D12 auto-reply": (
        "acceptance/test_answers_in_the_chat.py"
        "::test_d12_a_keyword_a_postback_and_the_default_are_answered_with_the_reply_token"
    ),
    "D13 form": (
        "acceptance/test_answers_in_the_chat.py"
        "::test_d13_a_form_is_answered_in_the_chat_and_what_it_tells_is_known_at_once"
    ),
    "M4 switched by a step": (
        "acceptance/test_menus_that_follow.py::test_m4_a_menu_that_a_step_shows_stands_until_the_rules_choose_another"
    ),
    "M4 switched by a send": (
        "acceptance/test_done_for_sent.py::test_m4_a_send_switches_the_menu_of_whoever_it_reaches_and_gives_a_tag"
    ),
    "an OR segment never reaches another account's or a blocked friend": (
        "contract/test_store_friends.py::test_no_tree_reaches_another_account_or_a_blocked_friend"
    ),
    "`where: {}` and `any: []` are refused": "acceptance/test_rows_of_sends.py::test_d6_an_empty_tree_is_an_error",
    "a false branch goes to its target, adjacent or not": (
        "acceptance/test_scenario_rules.py::test_a_false_branch_goes_to_its_target_adjacent_or_not"
    ),
    "message text is byte-identical after rendering": (
        "acceptance/test_accidents.py::test_message_text_is_byte_identical_after_rendering"
    ),
    "a one-step scenario sends its step": "acceptance/test_scenarios.py::test_a_one_step_scenario_sends_its_step",
    "crash after LINE accepted, before we recorded: one delivery": (
        "acceptance/test_delivery.py::test_a_crash_after_line_accepted_is_answered_with_409_and_recorded_as_sent"
    ),
    "a partly failed batch is `partial`": "acceptance/test_delivery.py::test_a_partly_refused_send_is_partial",
    "the audience changes while paging: nobody skipped, nobody twice": (
        "contract/test_store_friends.py"
        "::test_an_audience_that_changes_while_it_is_read_skips_nobody_and_names_nobody_twice"
    ),
    "the audience changes while it is sent to": (
        "acceptance/test_delivery.py::test_the_audience_is_frozen_before_the_first_call"
    ),
    "a token of another bot is refused": (
        "acceptance/test_delivery.py::test_another_bots_token_is_refused_before_anything"
    ),
    "unrendered `{{`, runs of `?`, U+FFFD, テスト in production are refused": (
        "acceptance/test_delivery_rules.py::test_a_send_whose_renderings_are_all_bad_is_refused"
    ),
    "a friend whose name is `????` stops nobody else's message": (
        "acceptance/test_one_friends_trouble.py::test_a_friend_with_a_broken_name_is_left_out_and_all_others_read_it"
    ),
    "the same body to the same friend inside a window is refused": (
        "acceptance/test_guards.py::test_the_same_body_does_not_reach_the_same_friend_twice_within_the_window"
    ),
    "the same text every minute is refused before it is armed": (
        "unit/loading/test_meaning.py::test_a_campaign_that_comes_due_again_within_the_hour_is_refused"
    ),
    "two scheduler runs in the same second: one send": (
        "acceptance/test_many_workers.py::test_two_runs_in_the_same_second_make_one_send"
    ),
    "two decisions in the same second about one friend and step: both messages": (
        "acceptance/test_scenario_dates.py::test_two_bookings_in_one_second_are_both_confirmed_however_they_are_decided"
    ),
    "one tick, two items: everybody hears of both": (
        "acceptance/test_items_and_calls.py::test_one_tick_tells_everybody_of_every_item"
    ),
    "an empty pool holds up its own step and nobody else": (
        "acceptance/test_missing_supplies.py::test_an_empty_pool_holds_up_its_own_step_and_nobody_else"
    ),
    "a reply token of a reply that is dead: no push beyond a limit or into the night": (
        "acceptance/test_answers_in_the_chat.py"
        "::test_d12_a_push_in_place_of_an_answer_keeps_the_limits_and_the_quiet_hours"
    ),
    "a reply that is looked at late wakes nobody, however often": (
        "acceptance/test_answers_in_the_chat.py::test_d12_a_late_answer_wakes_nobody_however_often_it_is_looked_at"
    ),
    "a reply token of a step that is dead: no push beyond the budget, a limit or into the night": (
        "acceptance/test_scenario_sending.py::test_a_push_in_place_of_an_answer_keeps_the_limits_and_the_quiet_hours"
    ),
    "the server was down for a night: its answers are no answers any more": (
        "acceptance/test_scenario_sending.py::test_what_is_looked_at_late_is_no_answer_any_more_and_keeps_every_rule"
    ),
    "the process dies before the quiet hours: nobody is woken": (
        "acceptance/test_scenario_sending.py::test_what_was_frozen_before_the_quiet_hours_waits_for_their_end"
    ),
    "pause 30 hours, resume: no duplicate": "acceptance/test_accidents.py::test_pause_30_hours_resume_no_duplicate",
    "a setting that the engine cannot honour is a validation error": (
        "unit/loading/test_client_limits.py::test_a_demographic_audience_cannot_keep_limits_for_single_friends"
    ),
    "a declaration that the engine cannot honour is a validation error": (
        "unit/segments/test_segments_words.py::test_declarations_that_cannot_be_honoured_are_refused"
    ),
    "the runner was down over a due time: sent or skipped by rule, no burst": (
        "acceptance/test_delivery_rules.py::test_after_days_of_rest_a_rule_sends_its_newest_occurrence_only"
    ),
    "the runner of a scenario was down": (
        "acceptance/test_scenario_rules.py::test_a_runner_that_was_down_makes_up_for_nothing_in_a_burst"
    ),
    "disabled then enabled: no retroactive send": (
        "acceptance/test_scenario_rules.py::test_disabled_then_enabled_sends_nothing_of_what_was_due_meanwhile"
    ),
    "disabled then enabled, without `backfill` only": (
        "acceptance/test_scenario_rules.py::test_with_backfill_it_is_made_up_for"
    ),
    "a campaign that is armed late": (
        "acceptance/test_delivery_rules.py::test_what_was_due_before_it_was_armed_is_not_sent"
    ),
    "an exclusion tag removed in mid-series has a defined outcome": (
        "acceptance/test_scenario_rules.py::test_an_exclusion_tag_removed_in_mid_series_has_a_defined_outcome"
    ),
    "a file removed from git: the plan shows the prune, and needs the word": (
        "acceptance/test_accidents.py::test_a_file_removed_from_git_shows_the_prune_in_the_plan_and_needs_the_word"
    ),
    "follow, block, unblock three times: one coupon": (
        "acceptance/test_scenario_rules.py::test_follow_block_unblock_three_times_one_coupon"
    ),
    "a second `apply` after success is empty": "acceptance/test_cli_apply.py::test_a_second_apply_does_nothing",
    "a rollout that stopped halfway is corrected and armed again: nobody twice": (
        "acceptance/test_rests_of_sends.py"
        "::test_a_rollout_whose_rest_came_too_late_is_not_sent_anew_to_those_who_were_first"
    ),
    "LINE is down when a stopped send is looked at: its rule holds all the same": (
        "acceptance/test_rests_of_sends.py"
        "::test_what_stopped_in_the_middle_keeps_its_rule_where_line_is_down_when_it_is_looked_at"
    ),
    "a rest is let go the day after, and its friends read something else meanwhile": (
        "acceptance/test_rests_of_sends.py::test_a_rest_that_is_let_go_keeps_the_limits_about_its_friends"
    ),
    "a step and a campaign in the same moment keep the gap": (
        "contract/test_limits_at_once.py::test_a_step_and_a_campaign_at_once_keep_the_gap_between_them"
    ),
    "many answers at once are not lost for a budget that suffices": (
        "contract/test_limits_at_once.py"
        "::test_an_answer_is_not_lost_for_a_budget_that_others_spend_from_at_the_same_time"
    ),
    "too many messages to one friend stop nobody else's": (
        "acceptance/test_one_friends_trouble.py"
        "::test_one_friends_limit_keeps_nobody_else_waiting_and_is_refused_in_the_end"
    ),
    "a friend is forgotten between the freeze and the call": (
        "acceptance/test_one_friends_trouble.py::test_a_forgotten_friend_in_the_first_part_does_not_hold_the_rest"
    ),
    "halted in the middle of a send": (
        "acceptance/test_kill_switch.py"
        "::test_a_halt_stops_a_send_whose_calls_are_claimed_and_nobody_is_lost_or_reached_twice"
    ),
    "97 % of all friends": (
        "acceptance/test_guards.py::test_a_condition_that_chooses_almost_everyone_is_taken_for_a_mistake"
    ),
}
"""Rows of the tables of what must be sent and of accidents, and the test that holds each of them."""


@pytest.mark.parametrize("row", ROWS)
def test_every_accident_of_the_table_has_its_test(row: str) -> None:
    """Whoever renames or deletes a test that holds a row has to say here what holds it now."""
    file, _, name = ROWS[row].partition("::")
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
