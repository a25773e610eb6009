"""Row D5: a carousel for each friend, from what they and others bought, with a declared fallback."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lineform.model.problem import Problem
from lineform.ports.friends import EventRow, FriendRow
from lineform.ports.items import Item
from lineform.run.outcome import Outcome
from support.chatting import declared
from support.command_line import runner
from support.delivering import ARMED, DUE, Scene
from support.workspaces import SMALL, only, problems, write

WORDS = """\
kind: attributes
name: shop
events:
  purchase: {fields: {item: text}}
attributes:
  picks: {type: text}
items: {name: text, price: number, url: text}
"""
RULE = """\
kind: recommendations
name: picks
history: {event: purchase}
count: 3
fallback: popular
example: {name: 緑茶, price: 1200, url: "https://shop.example/tea"}
"""
CAMPAIGN = """\
kind: campaign
name: sale
audience: {where: {language: ja}, expect: {max: 100}}
schedule: {at: "2026-12-01T10:00"}
messages:
  - altText: おすすめの商品
    template:
      type: carousel
      columns:
        - each: items.picks
          as: one
          do:
            text: "{{ one.name }} {{ one.price }}円"
            actions: [{type: uri, label: 見る, uri: "{{ one.url }}"}]
"""
SHOP = [
    Item(key, {"name": name, "price": price, "url": f"https://shop.example/{key}"})
    for key, name, price in (
        ("tea", "緑茶", 1200), ("cup", "湯呑み", 980), ("pot", '急須 "小"', 3500), ("rice", "お米", 2500),
        ("soap", "石けん", 300),
    )
]  # fmt: skip


def shop(origin: str, tmp_path: Path, *texts: str, items: Any = SHOP) -> Scene:
    friends = [{"displayName": f"F{number}", "language": "ja"} for number in range(4)]
    scene = Scene(origin, tmp_path, *(declared(text) for text in (WORDS, *texts)), friends=friends)

    def prepare(store: Any) -> None:
        store.import_friends(scene.client.name, [FriendRow(one, language="ja") for one in scene.users], ARMED)
        store.import_items(scene.client.name, items, ARMED)
        bought = [(0, "tea"), (1, "tea"), (1, "cup"), (2, "tea"), (2, "cup"), (2, "pot")]
        rows = [
            EventRow(scene.users[who], "purchase", f"{who}{what}", ARMED - timedelta(days=3), {"item": what})
            for who, what in bought
        ]
        store.add_events(scene.client.name, rows, ARMED)

    scene.with_store(prepare)
    return scene


def columns(scene: Scene) -> list[list[str]]:
    """What each friend's carousel says."""
    found = {one["user"]: one["messages"][0]["template"]["columns"] for one in scene.control.deliveries(scene.account)}
    return [[column["text"] for column in found[user]] for user in scene.users]


def test_d5_every_friend_gets_a_carousel_of_their_own(origin: str, tmp_path: Path) -> None:
    scene = shop(origin, tmp_path, RULE, CAMPAIGN)
    scene.move(DUE)
    (entry,) = scene.tick().entries
    assert entry.outcome is Outcome.SENT
    assert columns(scene) == [
        ["湯呑み 980円", '急須 "小" 3500円', "お米 2500円"],  # had tea: what others had beside it, then the feed
        ['急須 "小" 3500円', "お米 2500円", "石けん 300円"],
        ["お米 2500円", "石けん 300円"],  # has nearly everything
        ["緑茶 1200円", "湯呑み 980円", '急須 "小" 3500円'],  # bought nothing: what is popular
    ]
    before = columns(scene)
    scene.tick()
    assert columns(scene) == before


@pytest.mark.parametrize("handed_out", ["", "?code={{ code.welcome }}"])
def test_d5_what_goes_together_is_learned_once_for_a_send(origin: str, tmp_path: Path, handed_out: str) -> None:
    pool = ["kind: codes\nname: welcome\n"] if handed_out else []
    scene = shop(origin, tmp_path, RULE, CAMPAIGN.replace("{{ one.url }}", "{{ one.url }}" + handed_out), *pool)
    if handed_out:
        scene.with_store(lambda store: store.import_codes(scene.client.name, "welcome", list("abcd"), DUE))
    scene.limit({"per_friend": {"week": 2}})
    histories = []

    class Learning:
        """A store that tells how often everybody's history is read."""

        def __init__(self, port: Any) -> None:
            self._port = port

        def __getattr__(self, name: str) -> Any:
            return getattr(self._port, name)

        def choices(self, *asked: Any) -> Any:
            histories.extend(["everybody's"] if len(asked) < 5 else [])
            return self._port.choices(*asked)

    scene.move(DUE)
    (entry,) = scene.tick(Learning).entries
    assert (entry.outcome, entry.recipients) == (Outcome.SENT, 4)
    assert len(histories) == 1


def test_d5_a_feed_may_name_the_items_of_each_friend(origin: str, tmp_path: Path) -> None:
    rule = RULE.replace("history: {event: purchase}", "attribute: picks").replace("popular", "listed")
    scene = shop(origin, tmp_path, rule, CAMPAIGN)

    def feed(store: Any) -> None:
        store.import_friends(scene.client.name, [FriendRow(scene.users[0], attributes={"picks": "soap rice"})], ARMED)

    scene.with_store(feed)
    scene.move(DUE)
    scene.tick()
    assert columns(scene)[0] == ["石けん 300円", "お米 2500円", "緑茶 1200円"]
    assert columns(scene)[3] == ["緑茶 1200円", "湯呑み 980円", '急須 "小" 3500円']


def test_d5_without_items_nothing_is_sent_and_the_reason_is_told(origin: str, tmp_path: Path) -> None:
    scene = shop(origin, tmp_path, RULE, CAMPAIGN, items=[])
    scene.move(DUE)
    (entry,) = scene.tick().entries
    assert (entry.outcome, entry.guard) == (Outcome.BLOCKED, "G230")
    assert "items import" in entry.hint
    assert scene.control.deliveries(scene.account) == []


FILES = {**SMALL, "segments/shop.yaml": WORDS, "segments/picks.yaml": RULE, "campaigns/sale.yaml": CAMPAIGN}


def test_what_recommendations_cannot_keep_is_refused(tmp_path: Path) -> None:
    assert problems(write(tmp_path, FILES)) == []

    def found(old: str, new: str, file: str = "segments/picks.yaml") -> Problem:
        assert old in FILES[file]
        write(tmp_path, FILES, {file: FILES[file].replace(old, new)})
        return only(tmp_path)

    assert found("event: purchase", "event: purchas").code == "E312"
    assert found("event: purchase", "event: purchase, field: itme").code == "E313"
    assert found("name: 緑茶, ", "").code == "E102"
    assert found("price: 1200", "price: dear").code == "E305"
    assert found("price: 1200", "price: 1200, colour: red").code == "E329"
    assert found("history: {event: purchase}", "attribute: pick").code in {"E301", "E103"}
    assert found("count: 3", "count: 13").code == "E103"
    wrong = found("one.price", "one.prise", "campaigns/sale.yaml")
    assert (wrong.code, wrong.hint) == ("E329", "did you mean 'price'?")
    assert found("items.picks", "items.pick", "campaigns/sale.yaml").code == "E328"
    write(tmp_path, FILES, {"segments/picks.yaml": RULE.replace("count: 3", "count: 12")})
    many = only(tmp_path)
    assert (many.code, many.hint) == ("E204", "write 'limit: 10' beside it")


def test_a_feed_is_taken_whole_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    root = write(tmp_path / "w", FILES)
    monkeypatch.setenv("LINEFORM_STORE", f"sqlite:///{tmp_path}/s.db")
    run = runner(capsys)
    feed = tmp_path / "feed.csv"
    feed.write_text("id,name,price,url\ntea,緑茶,1200,https://a.example\ncup,湯呑み,980,https://b.example\n", "utf-8")
    made = run("items", "import", "-C", str(root), str(feed))
    assert (made.code, "2 added" in made.out) == (0, True), made.err
    for text in ("id,name\ntea,x\n", "id,name,price,url\ntea,緑茶,,u\n", "id,name,price,url\nt,a,1,u\nt,a,1,u\n"):
        feed.write_text(text, "utf-8")
        assert run("items", "import", "-C", str(root), str(feed)).code == 3
    lines = tmp_path / "feed.jsonl"
    lines.write_text('{"id": "pot", "name": "急須", "price": 3500, "url": "https://c.example"}\n', "utf-8")
    assert "1 added, 0 changed, 0 unchanged, 2 removed" in run("items", "import", "-C", str(root), str(lines)).out
    assert "1 items" in run("items", "count", "-C", str(root)).out
