"""``kind: coupon`` in files: what LINE would make, what messages may bring, and until when."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.workspaces import CAMPAIGN, CLIENT, SMALL, only, problems, write

COUPON = """kind: coupon
name: autumn
title: 秋のクーポン
starts: "2026-11-01"
ends: "2026-12-31"
reward: {type: discount, priceInfo: {type: fixed, fixedAmount: 500}}
"""


def files(message: str = "coupon: autumn", coupon: str = COUPON, schedule: str = "") -> dict[str, str]:
    kept = [line for line in CAMPAIGN.splitlines() if not (schedule and line.startswith("schedule"))]
    sale = "\n".join(kept).replace("text: こんにちは", message) + "\n"
    return {
        "campaigns/autumn.yaml": coupon,
        "campaigns/sale.yaml": sale + (f"schedule: {schedule}\n" if schedule else ""),
        "clients/aoba.yaml": CLIENT.replace('campaigns: ["*"]', 'campaigns: ["*"], coupons: ["*"]'),
    }


@pytest.mark.parametrize(
    "message",
    [
        "coupon: autumn",
        'coupon: {couponId: "01ABC"}',
        "{coupon: autumn, deliveryTag: winter}",
        "{type: coupon, couponId: \"{{ coupon['autumn'] }}\"}",
    ],
)
def test_a_message_brings_a_coupon_by_name_or_in_lines_own_form(tmp_path: Path, message: str) -> None:
    assert problems(write(tmp_path, SMALL, files(message))) == []


def test_an_unknown_coupon_is_refused_with_its_place(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, files("coupon: autum")))
    assert (found.code, found.hint) == ("E323", "did you mean 'autumn'?")
    assert str(found.origin).startswith("campaigns/sale.yaml:6:")


def test_a_coupon_that_the_client_does_not_use_is_unknown_to_it(tmp_path: Path) -> None:
    given = files()
    given["clients/aoba.yaml"] = CLIENT
    found = [one for one in problems(write(tmp_path, SMALL, given)) if one.code == "E323"]
    assert found[0].hint == "declare it in a file of kind coupon, and name it under uses.coupons"


@pytest.mark.parametrize(
    ("line", "code", "path"),
    [
        ("title: " + "あ" * 61, "E203", "title"),
        ('starts: "2027-01-02"', "E216", "ends"),
        (
            "reward: {type: discount, priceInfo: {type: percentage, percentage: 100}}",
            "E206",
            "reward.priceInfo.percentage",
        ),
        ("reward: {type: cash}", "E211", "reward.type"),
        ("acquisition: {type: lottery, lotteryProbability: 10}", "E201", "acquisition.maxAcquireCount"),
        ("code: " + "x" * 17, "E203", "code"),
        ("image: http://example.jp/a.png", "E213", "image"),
    ],
)
def test_what_line_would_not_make_is_refused_where_it_is_written(
    tmp_path: Path, line: str, code: str, path: str
) -> None:
    key = line.partition(":")[0]
    kept = [one for one in COUPON.splitlines() if not one.startswith(f"{key}:")]
    found = only(write(tmp_path, SMALL, files(coupon="\n".join([*kept, line]) + "\n")))
    assert (found.code, found.message.startswith(f"{path} ")) == (code, True)


@pytest.mark.parametrize(
    ("schedule", "late"),
    [
        ('{at: "2026-12-31T23:00"}', False),
        ('{at: "2027-01-01T00:00"}', True),
        ('{cron: "0 10 1 * *"}', True),
        ('{cron: "0 10 1 * *", ends: "2026-12-31"}', False),
    ],
)
def test_a_coupon_that_is_over_when_it_is_brought_is_refused(tmp_path: Path, schedule: str, late: bool) -> None:
    found = problems(write(tmp_path, SMALL, files(schedule=schedule)))
    assert [(one.code, str(one.origin)[:20]) for one in found] == ([("E322", "campaigns/sale.yaml:")] if late else [])
