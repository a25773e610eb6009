"""Links and recommendations in scenarios, replies, forms and routes: refused exactly as in campaigns."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.workspaces import CLIENT, SMALL, only, problems, write

WORDS = """\
kind: attributes
name: more
links: {sale: {url: "https://shop.example.jp/sale"}, bare: {}}
events: {purchase: {fields: {item: text}}}
items: {name: text, price: number}
"""
PICKS = """\
kind: recommendations
name: picks
history: {event: purchase}
count: 3
fallback: popular
example: {name: 緑茶, price: 1200}
"""
LINKS = "links: {base: https://go.example.jp, key: {env: LINK_KEY}}\n"
USING = CLIENT.replace("uses: {", 'uses: {scenarios: ["*"], replies: ["*"], forms: ["*"], routes: ["*"], ') + LINKS
ROUTES = 'entry: {basic_id: "@aoba"}\n'
SPEAKING = {
    "scenario": "kind: scenario\nname: one\ntrigger: follow\nsteps:\n  - {id: a, send: [MESSAGE]}\n",
    "branch": "kind: scenario\nname: one\ntrigger: follow\nsteps:\n"
    "  - {id: a, branch: [{if: {tag: regular}, then: [{send: [MESSAGE]}]}, {else: true}]}\n",
    "wait": "kind: scenario\nname: one\ntrigger: follow\nsteps:\n"
    "  - {id: a, wait: {for: {tag: regular}, within: 1d, else: {then: [{send: [MESSAGE]}]}}}\n",
    "reply": "kind: reply\nname: one\nwhen: [{keyword: x}]\nhours: '10:00-19:00'\ndo: [{tag: regular}]\n"
    "otherwise: [{send: [MESSAGE]}]\n",
    "question": "kind: form\nname: one\nquestions:\n  - {field: a, text: {}, ask: [MESSAGE]}\n",
    "done": "kind: form\nname: one\nquestions:\n  - {field: a, text: {}, ask: お名前は？}\ndone: [{send: [MESSAGE]}]\n",
    "route": "kind: route\nname: one\ntitle: 駅\ndo: [{send: [MESSAGE]}]\n",
}
COLUMN = "{text: '{{ item.name }}', actions: [{type: message, label: 見る, text: 見る}]}"
CAROUSEL = f"{{altText: 品, template: {{type: carousel, columns: [{{each: items.picks, do: {COLUMN}}}]}}}}"


def said(root: Path, where: str, message: str, more: str = "", client: str = USING) -> Path:
    """A workspace whose only scenario, reply, form or route says this."""
    text = SPEAKING[where].replace("MESSAGE", message) + more
    files = {
        "segments/more.yaml": WORDS,
        "segments/picks.yaml": PICKS,
        "clients/aoba.yaml": client + ROUTES,
        "campaigns/one.yaml": text,
    }
    return write(root, SMALL, files)


@pytest.mark.parametrize("where", SPEAKING)
@pytest.mark.parametrize(
    ("message", "more"),
    [
        ("{text: '見る https://shop.example.jp/sale'}", "track: friend\n"),
        ("{text: '{{ link.sale }}'}", "track: message\n"),
        ("{text: '{{ link.sale }}'}", ""),
        (CAROUSEL, ""),
    ],
)
def test_what_a_campaign_may_say_they_may_say(tmp_path: Path, where: str, message: str, more: str) -> None:
    assert problems(said(tmp_path, where, message, more)) == []


@pytest.mark.parametrize("where", SPEAKING)
def test_what_cannot_be_tracked_is_refused(tmp_path: Path, where: str) -> None:
    nothing = only(said(tmp_path / "a", where, "{text: 'https://other.example.jp'}", "track: friend\n"))
    assert (nothing.code, nothing.message) == ("E119", "track: no address in these messages is a declared link")
    client = USING.replace(LINKS, "")
    found = problems(said(tmp_path / "b", where, "{text: '{{ link.sale }}'}", "track: friend\n", client))
    (nowhere,) = [one for one in found if one.code != "E337"]  # a route needs an address for its page as well
    assert (nowhere.code, nowhere.hint.startswith("write 'links: {base: https://…")) == ("E119", True)
    assert only(said(tmp_path / "c", where, "{text: '{{ link.sale }}'}", "track: everybody\n")).code == "E103"


@pytest.mark.parametrize("where", SPEAKING)
@pytest.mark.parametrize(
    ("message", "code", "hint"),
    [
        ("{text: '{{ link.sal }}'}", "E314", "did you mean 'sale'?"),
        ("{text: '{{ link.bare }}'}", "E314", "declare it with its url"),
        (CAROUSEL.replace("items.picks", "items.pick"), "E328", "did you mean 'picks'?"),
        (CAROUSEL.replace("item.name", "item.nmae"), "E329", "did you mean 'name'?"),
    ],
)
def test_what_is_not_declared_is_refused(tmp_path: Path, where: str, message: str, code: str, hint: str) -> None:
    found = only(said(tmp_path, where, message))
    assert (found.code, found.hint.startswith(hint)) == (code, True)
    assert str(found.origin).startswith("campaigns/one.yaml:")


def test_more_items_than_line_takes_are_refused_at_the_repetition(tmp_path: Path) -> None:
    root = said(tmp_path, "scenario", CAROUSEL)
    found = only(write(root, {"segments/picks.yaml": PICKS.replace("count: 3", "count: 12")}))
    assert (found.code, found.hint) == ("E204", "write 'limit: 10' beside it")
    assert found.message.startswith("steps[0].send[0].template.columns[0]")


def test_a_click_audience_of_a_scenario_is_refused_with_the_way_around(tmp_path: Path) -> None:
    root = said(tmp_path, "scenario", "{text: '{{ link.sale }}'}", "track: message\n")
    audience = "kind: audience\nname: tapped\nfrom: {clicks: scenario.one}\n"
    found = only(write(root, {"segments/tapped.yaml": audience}))
    assert "LINE makes such an audience of broadcasts and narrowcasts only" in found.message
    assert "track: friend" in found.message
