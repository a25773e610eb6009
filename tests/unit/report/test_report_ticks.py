"""What a run did, in every format."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lineform.lineapi.routes import Route
from lineform.report.entries import numbers, tint, yen
from lineform.report.markdown import Limit
from lineform.report.terminal import Style
from lineform.report.ticks import tick_json, tick_markdown, tick_text
from lineform.run.outcome import EXITS, Outcome
from support.plans import HALTED, REPORT, SENDS

GOLDEN = Path(__file__).parents[2] / "golden" / "report"


def test_a_run_on_a_terminal_looks_like_this() -> None:
    assert tick_text([REPORT, HALTED]) + "\n" == (GOLDEN / "tick.txt").read_text(encoding="utf-8")


def test_a_run_without_anything_due_says_so() -> None:
    assert tick_text([replace(REPORT, entries=(), next_due=None)]).endswith("\n  nothing is due")


def test_a_dry_run_is_called_one() -> None:
    text = tick_text([replace(REPORT, entries=SENDS[:1], dry_run=True)])
    assert "(dry run: nothing is written, nothing is sent)" in text
    assert "would send  1,234 friends · 3 multicast calls in under a second · ¥0 · recipients 4c1d0f6a2b7e" in text


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_that_needs_somebody_is_red_and_no_other_one_is(outcome: Outcome) -> None:
    entry = replace(SENDS[0], outcome=outcome)
    assert (tint(entry) is Style.RED) == (outcome in EXITS)


def test_the_people_of_a_dry_run_are_not_called_accepted() -> None:
    assert numbers(SENDS[0]) == ("1,234 friends · 3 multicast calls in under a second · ¥0 · recipients 4c1d0f6a2b7e")
    assert numbers(replace(SENDS[0], outcome=Outcome.SENT, accepted=1000)).startswith("1,000 of 1,234 friends")


@pytest.mark.parametrize(
    ("routes", "told"),
    [
        ({Route.MULTICAST: 1}, "in under a second"),
        ({Route.MULTICAST: 1200, Route.PUSH: 10}, "in about 5 seconds"),
        ({Route.PUSH: 500_000}, "in about 4 minutes"),
        ({Route.PUSH: 20_000_000}, "in about 3 hours"),
    ],
)
def test_a_dry_run_says_how_long_the_limits_of_line_make_it(routes: dict[Route, int], told: str) -> None:
    entry = replace(SENDS[0], routes=routes, recipients_hash="")
    assert numbers(entry).endswith(f"{told} · ¥0")


def test_yen_have_no_fraction_where_there_is_none() -> None:
    assert [yen(0.0), yen(1234567.0), yen(61.5)] == ["¥0", "¥1,234,567", "¥61.50"]


def test_the_json_tells_every_entry_and_what_is_next() -> None:
    value = json.loads(tick_json([REPORT, HALTED]))
    aoba, kawa = value["clients"]
    assert [entry["outcome"] for entry in aoba["entries"]] == ["sent", "partial", "skipped", "blocked"]
    assert aoba["next"] == {
        "address": "campaign.monthly",
        "occurrence": "2027-01-01T10:00",
        "at": "2027-01-01T01:00:00+00:00",
    }
    assert aoba["exit_code"] == 9
    assert (kawa["halted_by"], kawa["next"], kawa["entries"]) == ("mika", None, [])


def test_the_summary_puts_the_gravest_first_and_fits() -> None:
    text = tick_markdown([replace(REPORT, entries=REPORT.entries * 200)], limit=Limit(5000, bytes=True))
    assert len(text.encode()) <= 5000
    rows = [line for line in text.split("\n") if line.startswith("| aoba")]
    assert all("**partial**" in row for row in rows)
    assert f"… and {800 - len(rows)} more rows" in text
    assert text.startswith("### lineform run: 200 sent, 200 partial, 200 skipped, 200 blocked\n")


def test_a_halted_client_is_told_apart_from_the_table() -> None:
    text = tick_markdown([HALTED, REPORT])
    assert "> **kawa** is halted by mika.\n\n| client |" in text
