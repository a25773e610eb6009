"""The cases of real businesses, lived through on the offline account: each trace is a file under `tests/golden/traces`.

After a change that is meant, `LINEFORM_WRITE_TRACES=1` writes them anew; the difference is there to be reviewed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lineform.ports.items import Item
from support.chronicle import Chronicle, chronicle
from support.command_line import ROOT, copy_workspace

TRACES = ROOT / "tests" / "golden" / "traces"
Story = Callable[[Chronicle], None]


def fish_shop_welcome(life: Chronicle) -> None:
    life.meets("美咲")
    life.at("2026-11-02T10:30")
    life.follows("美咲")
    life.menu_of("美咲")
    life.at("2026-11-16T11:05")
    life.note("the coupon's menu comes with the coupon, and goes with it")
    life.menu_of("美咲")
    life.at("2026-11-20T12:00")
    life.menu_of("美咲")
    life.at("2026-12-10T20:00")
    life.note("she blocks the account, and is back after the holidays: the series is over, and nothing begins anew")
    life.blocks("美咲")
    life.at("2027-01-08T09:30")
    life.follows("美咲")
    life.at("2027-02-10T12:00")


def fish_shop_teaser(life: Chronicle) -> None:
    for name in ("健太", "由紀", "修"):
        life.meets(name)
    life.at("2026-11-02T10:00")
    for name in life.people:
        life.follows(name)
    life.at("2026-11-02T20:00")
    life.note("健太 and 修 tap the teaser and are in both series from now on; 由紀 is in the welcome alone")
    life.taps_link("健太")
    life.taps_link("修")
    life.at("2026-11-07T11:00")
    life.note("修 orders: the teaser has reached its goal, and only the welcome goes on")
    life.did("修", "purchase", amount=12000)
    life.at("2027-01-10T12:00")


def restaurant(life: Chronicle) -> None:
    for name in ("彩", "大輔", "美和"):
        life.meets(name)
    life.at("2026-12-31T18:00")
    life.follows("彩")
    life.follows("大輔")
    life.at("2027-01-03T19:00")
    life.note("彩 comes within the week; 大輔 does not")
    life.did("彩", "visit", party=2)
    life.at("2027-01-31T20:00")
    life.note("a month after the end of January is the end of February; two months after it, the end of March")
    life.follows("美和")
    life.at("2027-04-10T12:00")


def health_food(life: Chronicle) -> None:
    for name in ("和子", "正", "静"):
        life.meets(name)
    life.at("2026-11-05T20:00")
    for name in life.people:
        life.follows(name)
    life.at("2026-11-06T13:00")
    for name in life.people:
        life.did(name, "purchase", item="青汁30包", amount=3980)
    life.at("2026-11-16T08:30")
    life.note("静 blocks the account for a while: nothing reaches her meanwhile")
    life.blocks("静")
    life.at("2026-11-24T15:00")
    life.note("正 buys again on day 18: the old coupon never comes, and his three weeks begin anew")
    life.did("正", "purchase", item="青汁30包", amount=3980)
    life.at("2026-11-25T10:00")
    life.follows("静")
    life.at("2026-12-20T22:30")
    life.note("和子 orders late in the evening: the thanks wait for the morning, and weeks count from the order")
    life.did("和子", "purchase", item="青汁30包", amount=3980)
    life.at("2027-01-20T12:00")


def _item(name: str, price: int, page: str) -> Item:
    return Item(name, {"name": name, "price": price, "url": f"https://kurashi-zakka.example/items/{page}"})


SHOP = (
    _item("藍染の小皿", 2200, "kozara"),
    _item("土鍋", 8800, "donabe"),
    _item("竹ざる", 900, "zaru"),
    _item("今治タオル", 3300, "towel"),
    _item("蜜蝋キャンドル", 1800, "candle"),
    _item("麻のランチョンマット", 1500, "mat"),
)


def recommendations(life: Chronicle) -> None:
    for name in ("絵里", "真由", "直子", "隆", "恵"):
        life.meets(name)
    life.feeds(*SHOP)
    life.at("2026-10-01T12:00")
    for name in life.people:
        life.follows(name)
    life.note("隆 and 恵 buy several things, by which it is known what goes together; the others buy one")
    for name, item, category, amount in (
        ("隆", "土鍋", "tableware", 8800),
        ("隆", "竹ざる", "tableware", 900),
        ("恵", "土鍋", "tableware", 8800),
        ("恵", "麻のランチョンマット", "tableware", 1500),
        ("恵", "今治タオル", "towels", 3300),
        ("絵里", "土鍋", "tableware", 8800),
        ("直子", "今治タオル", "towels", 3300),
        ("真由", "蜜蝋キャンドル", "candles", 1800),
    ):
        life.did(name, "purchase", item=item, category=category, amount=amount)
    life.at("2026-11-10T18:00")
    life.note("the evening before the last message 竹ざる becomes dearer, and 麻のランチョンマット is sold out")
    life.feeds(
        *(one for one in SHOP if one.id not in {"竹ざる", "麻のランチョンマット"}), _item("竹ざる", 1000, "zaru")
    )
    life.at("2026-11-12T12:00")
    life.note("nobody bought anything beside 蜜蝋キャンドル, so 真由 read what is bought most")
    life.at("2026-12-10T12:00")


def online_retail(life: Chronicle) -> None:
    for name in ("絵里", "隆", "真由"):
        life.meets(name)
    life.feeds(*SHOP)
    life.at("2026-10-01T12:00")
    for name in life.people:
        life.follows(name)
    life.did("絵里", "purchase", item="藍染の小皿", category="tableware", amount=2200)
    life.did("隆", "purchase", item="今治タオル", category="towels", amount=3300)
    life.at("2026-10-20T12:30")
    life.note("隆 buys again, so he is nobody who bought once and then nothing; 真由 buys for the first time")
    life.did("真由", "purchase", item="竹ざる", category="tableware", amount=900)
    life.did("隆", "purchase", item="蜜蝋キャンドル", category="candles", amount=1800)
    life.at("2026-11-06T18:00")
    life.note("絵里 comes back and leaves the series")
    life.did("絵里", "purchase", item="土鍋", category="tableware", amount=8800)
    life.at("2026-12-10T12:00")
    life.note("真由 never comes back: she was written to twice, and is left alone after two months")
    life.at("2027-01-20T12:00")


def hair_salon(life: Chronicle) -> None:
    for name in ("花", "優子", "真一"):
        life.meets(name)
    life.at("2026-11-30T12:00")
    life.crowd(120, tags=("regular",))
    life.note("the regulars are an audience of LINE's, which an apply fills")
    life.apply()
    life.at("2026-12-01T12:00")
    for name in life.people:
        life.follows(name)
    life.knows("花", birthday="1990-12-18", has_children=True)
    life.knows("優子", visits=9, tags=["regular"])
    life.knows("真一", birthday="1988-12-20")
    life.note("真一 asks by the menu, and wants no news; answers by the reply token cost nothing.")
    life.note("No offer reaches him any more, nor good wishes on 20 December")
    life.taps_menu("真一", 4)
    life.writes("真一", "プロフィール")
    life.writes("真一", "岡田")
    life.taps("真一", {"type": "message", "label": "いいえ", "text": "いいえ"})
    life.at("2026-12-02T13:00")
    life.did("花", "booking", number="B1", at="2026-12-12T14:00", menu="カット")
    life.did("優子", "booking", number="B2", at="2026-12-13T11:00", menu="カラー")
    life.at("2026-12-02T21:30")
    life.writes("優子", "営業時間は？")
    life.at("2026-12-10T10:00")
    life.note("花 moves her booking by two days; 優子 cancels hers")
    life.did("花", "booking", number="B1", at="2026-12-14T16:00", menu="カット")
    life.did("優子", "cancellation", number="B2")
    life.note("真一 books for the same afternoon: nobody tells him of tomorrow")
    life.did("真一", "booking", number="B3", at="2026-12-10T15:00", menu="カット")
    life.at("2026-12-13T18:10")
    life.answers("花", "予約を変更したい")
    life.at("2026-12-16T12:30")
    life.note("people come by the shop's window and by Instagram, whose QR pictures differ")
    for name, route in (("綾", "window"), ("航", "instagram")):
        life.meets(name)
        life.comes_by(name, route)
        life.tags_of(name)
    life.at("2026-12-19T15:00")
    life.note("綾 scans the other one, too: the first way is kept, and the last")
    life.comes_by("綾", "instagram")
    life.tags_of("綾")
    life.at("2027-01-31T12:00")


def cram_school(life: Chronicle) -> None:
    for name in ("田中", "ゆうき", "鈴木", "森", "蓮"):
        life.meets(name)
    life.at("2026-11-26T18:30")
    life.follows("田中")
    life.answers("田中", "保護者")
    life.writes("田中", "田中 さくら")
    life.answers("田中", "小学校")
    for label in ("国語", "算数", "決定", "火", "金", "決定"):
        life.answers("田中", label)
    life.menu_of("田中")
    life.follows("ゆうき")
    life.answers("ゆうき", "生徒")
    life.note("a question about the opening hours in the middle of the form is answered, and the form goes on")
    life.writes("ゆうき", "今日は何時まで？")
    life.answers("ゆうき", "高校")
    for label in ("英語", "決定", "火", "木", "決定"):
        life.answers("ゆうき", label)
    life.menu_of("ゆうき")
    life.note("鈴木 leaves the form alone, is reminded once, and goes on where it was left")
    life.follows("鈴木")
    life.answers("鈴木", "保護者")
    life.follows("森")
    life.at("2026-11-29T20:00")
    life.writes("鈴木", "登録")
    life.writes("鈴木", "鈴木 そら")
    life.answers("鈴木", "中学校")
    for label in ("数学", "英語", "決定", "土", "決定"):
        life.answers("鈴木", label)
    life.writes("鈴木", "よろしくお願いします")
    life.note("蓮 comes to junior high English, which has word tests on Mondays and Thursdays that are no holidays")
    life.follows("蓮")
    life.answers("蓮", "生徒")
    life.answers("蓮", "中学校")
    for label in ("英語", "決定", "月", "木", "決定"):
        life.answers("蓮", label)
    life.at("2027-01-22T12:00")


def price_drop(life: Chronicle) -> None:
    for name in ("絵里", "隆", "真由"):
        life.meets(name)
    life.at("2026-11-02T12:00")
    for name in life.people:
        life.follows(name)
    life.did("絵里", "favourite", item="土鍋")
    life.did("隆", "favourite", item="土鍋")
    life.did("真由", "favourite", item="ガラスの花瓶")
    life.did("絵里", "favourite", item="土鍋")
    life.at("2026-11-10T15:00")
    life.note("the shop's system tells it twice: each friend hears of it once")
    life.tells("price_drop", item="土鍋", price=6600)
    life.tells("price_drop", again=True, item="土鍋", price=6600)
    life.at("2026-11-12T15:00")
    life.tells("price_drop", item="土鍋", price=5500)
    life.tells("price_drop", item="竹ざる", price=900)
    life.at("2026-12-14T12:00")
    life.blocks("隆")
    life.tells("restock", item="土鍋")
    life.at("2027-01-15T12:00")
    life.tells("restock", item="ガラスの花瓶")
    life.at("2027-02-01T12:00")


def menus_that_follow(life: Chronicle) -> None:
    for name in ("花", "優子", "真一", "和代"):
        life.meets(name)
    life.at("2027-04-20T12:00")
    life.note("和代 is a regular guest of whom the salon knew before: she sees the right menu as she follows")
    life.knows("和代", visits=20, tags=["regular"])
    for name in life.people:
        life.follows(name)
        life.menu_of(name)
    life.knows("花", birthday="1990-05-18")
    life.knows("優子", visits=9, birthday="1985-05-02")
    life.plans_menus()
    life.at("2027-04-21T00:10")
    life.menu_of("花")
    life.menu_of("優子")
    life.why_menu("優子")
    life.at("2027-05-01T00:10")
    life.note("花 and 優子 have their birthdays in May; of the rules that hold for 優子, the first one decides")
    for name in life.people:
        life.menu_of(name)
    life.why_menu("優子")
    life.at("2027-06-01T00:10")
    life.note("and the month is over, without anybody touching a file")
    for name in life.people:
        life.menu_of(name)
    life.at("2027-06-20T12:00")


def shopping_centre(life: Chronicle) -> None:
    for name in ("直美", "浩", "恵", "修", "千秋"):
        life.meets(name)
    life.at("2026-11-14T11:00")
    life.follows("直美")
    life.menu_of("直美")
    life.links("直美", "20010001")
    life.menu_of("直美")
    for name in ("浩", "恵", "修"):
        life.follows(name)
    life.at("2026-11-14T11:05")
    life.note("修 has seen 直美's nonce; it is good once, and 修 is no member")
    life.links_with_a_used_nonce("修")
    life.menu_of("修")
    life.at("2026-11-21T13:00")
    life.links("浩", "20010002")
    life.at("2026-11-30T18:00")
    life.note("the page in 恵's message was good for a week; the menu gives a new one")
    life.links("恵", "20010003")
    life.taps_menu("恵", 0)
    life.links("恵", "20010003")
    life.writes("恵", "会員連携")
    life.at("2026-12-10T10:00")
    life.stocks("gift", "MDR-7F3K-0001", "MDR-7F3K-0002")
    life.at("2026-12-15T13:00")
    life.note("three members and two codes: nobody was sent one. With more codes it goes on by itself")
    life.stocks("gift", "MDR-7F3K-0003", "MDR-7F3K-0004")
    life.at("2026-12-16T12:00")
    life.pool("gift")
    life.at("2026-12-28T17:00")
    life.note("千秋 links too late for the gift; 浩 gives his card back")
    life.follows("千秋")
    life.links("千秋", "20010005")
    life.unlinks("20010002")
    life.at("2027-01-07T09:00")
    life.menu_of("浩")
    life.at("2027-01-07T12:00")
    life.note("with the invitation comes the menu of the sale, for whoever was invited")
    for name in ("浩", "直美", "千秋"):
        life.menu_of(name)
    life.at("2027-01-21T12:00")
    life.note("the reminder tells each member the code that they have, and 千秋 is given hers; the sale is over")
    life.menu_of("直美")
    life.pool("gift")
    life.at("2027-02-28T12:00")


def nobody_ran(life: Chronicle) -> None:
    life.meets("美咲")
    life.at("2026-11-02T10:30")
    life.follows("美咲")
    life.at("2026-11-04T12:00")
    life.note("the machine is off over days 3, 7 and 10: one message, not three, and never at night")
    life.sleeps_until("2026-11-12T22:30")
    life.at("2026-11-20T12:00")


def three_follows(life: Chronicle) -> None:
    life.meets("亮")
    life.at("2026-11-02T10:30")
    for _ in range(3):
        life.follows("亮")
        life.blocks("亮")
    life.follows("亮")
    life.at("2026-12-31T12:00")


CASES = {
    "shopping-centre": ("midori-mall", "2026-11-14T09:00", shopping_centre),
    "cram-school": ("kita-juku", "2026-11-26T09:00", cram_school),
    "recommendations": ("kurashi-zakka", "2026-10-01T09:00", recommendations),
    "price-drop": ("kurashi-zakka", "2026-11-02T09:00", price_drop),
    "menus-that-follow": ("aoba-salon", "2027-04-20T09:00", menus_that_follow),
    "hair-salon": ("aoba-salon", "2026-11-30T09:00", hair_salon),
    "restaurant": ("trattoria-sole", "2026-12-31T09:00", restaurant),
    "health-food": ("mori-kenko", "2026-11-05T09:00", health_food),
    "online-retail": ("kurashi-zakka", "2026-10-01T09:00", online_retail),
    "nobody-ran": ("uohide", "2026-11-01T09:00", nobody_ran),
    "follow-block-follow": ("uohide", "2026-11-01T09:00", three_follows),
    "fish-shop-welcome": ("uohide", "2026-11-01T09:00", fish_shop_welcome),
    "fish-shop-teaser": ("uohide", "2026-11-01T09:00", fish_shop_teaser),
}


@pytest.mark.parametrize("case", CASES)
def test_the_case_happens_as_its_trace_says(case: str, tmp_path: Path) -> None:
    client, begins, story = CASES[case]
    workspace = copy_workspace(tmp_path / "workspace")
    with chronicle(workspace, client, begins) as life:
        story(life)
    file = TRACES / f"{case}.txt"
    if os.environ.get("LINEFORM_WRITE_TRACES"):
        file.write_text(life.text, encoding="utf-8")
    assert life.text == file.read_text(encoding="utf-8")
