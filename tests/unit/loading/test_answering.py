"""Replies, forms and routes that cannot work are refused where they are written, with what to do instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.loading import load_project
from lineform.loading.check_answering import own_problems
from lineform.model.catalogue import SPECS
from lineform.model.codes import CODES
from support.answering import BASE, HOURS, PROFILE, START
from support.workspaces import only, problems, write

MENU = """\
kind: richmenu
name: main
bar: メニュー
cells:
  - {at: A1, message: クーポン}
  - {at: B1, uri: "https://example.com"}
"""
FILES = {
    **BASE,
    "forms/profile.yaml": PROFILE,
    "replies/hours.yaml": HOURS,
    "replies/start.yaml": START,
    "richmenus/main.yaml": MENU,
}


def test_a_workspace_with_replies_and_forms_is_right(tmp_path: Path) -> None:
    assert problems(write(tmp_path, FILES)) == []


def test_a_form_declares_its_fields_for_conditions_by_itself(tmp_path: Path) -> None:
    segment = "kind: segment\nname: nails\nwhere: {answer: profile, field: salon, is: true}\n"
    assert problems(write(tmp_path, FILES, {"segments/nails.yaml": segment})) == []
    wrong = segment.replace("field: salon", "field: saloon")
    found = only(write(tmp_path, {"segments/nails.yaml": wrong}))
    assert (found.code, found.hint) == ("E313", "did you mean 'salon'?")


def test_a_form_that_is_declared_otherwise_elsewhere_is_a_clash(tmp_path: Path) -> None:
    words = "kind: attributes\nname: more\nforms: {profile: {fields: {gender: text}}}\n"
    found = only(write(tmp_path, FILES, {"segments/more.yaml": words}))
    assert (found.code, str(found.origin)) == ("E309", "segments/more.yaml:3:18")
    assert found.hint == "leave it out here: a form declares its fields by itself"


@pytest.mark.parametrize(
    ("old", "new", "code", "place", "hint"),
    [
        ("- {keyword: x}", "- {keyword: x, regex: abc}", "E103", "when[0]", ""),
        ("- {keyword: x}", "- {regex: '(a+)+'}", "E332", "when[0].regex", "write it without the inner repetition"),
        ("- {keyword: x}", "- {tap: main/C1}", "E333", "when[0].tap", "its cells begin at A1, B1"),
        ("- {keyword: x}", "- {tap: main/B1}", "E333", "when[0].tap", "only cells with message"),
        ("- {keyword: x}", "- {tap: mein/A1}", "E330", "when[0].tap", "did you mean 'main'?"),
        ("- {keyword: x}", "- {postback: 'lf:x'}", "E103", "when[0].postback", ""),
        ("{tag: regular}", "{tag: regulra}", "E302", "do[0].tag", "did you mean 'regular'?"),
        ("{tag: regular}", "{untag: nobody}", "E302", "do[0].untag", "declare it"),
        ("{tag: regular}", "{set: {teir: gold}}", "E301", "do[0].set.teir", "did you mean 'tier'?"),
        ("{tag: regular}", "{set: {tier: golden}}", "E306", "do[0].set.tier", "did you mean 'gold'?"),
        ("{tag: regular}", "{set: {visits: many}}", "E305", "do[0].set.visits", ""),
        ("{tag: regular}", "{menu: mein}", "E330", "do[0].menu", "did you mean 'main'?"),
        ("{tag: regular}", "{form: profil}", "E315", "do[0].form", "did you mean 'profile'?"),
        ("{tag: regular}", "{start: welcome}", "E331", "do[0].start", "declare it"),
        ("{tag: regular}", "{record: {event: visit}}", "E312", "do[0].record.event", "declare it"),
        ("{tag: regular}", "{tga: regular}", "E103", "do[0]", "did you mean 'tag'?"),
        ("{tag: regular}", "{tag: '{{ friend.name }}'}", "E024", "do[0].tag", "only messages may read it"),
        ("text: こんにちは", "text: '{{ friend.name }}'", "E025", "do[1].send[0].text", "default('…')"),
        ("text: こんにちは", "text: '{{ event.x }}'", "E024", "do[1].send[0].text", "a reply's messages read"),
        ("text: こんにちは", "txet: こんにちは", "E210", "do[1].send[0]", ""),
        ("text: こんにちは", "text: '当選???'", "E282", "do[1].send[0].text", ""),
        ("order: 5", "otherwise: [{tag: regular}]", "E103", "", ""),
        ("order: 5", "if: {tag: nobody}", "E302", "if", ""),
        ("order: 5", "hours: '10:00-10:00'", "E103", "hours", ""),
        ("order: 5", "hours: '25:00-26:00'", "E103", "hours", ""),
        ("order: 5", "gap: soon", "E103", "gap", ""),
    ],
)
def test_what_a_reply_cannot_keep_is_refused(
    tmp_path: Path, old: str, new: str, code: str, place: str, hint: str
) -> None:
    text = """\
kind: reply
name: odd
when:
  - {keyword: x}
do:
  - {tag: regular}
  - send:
      - text: こんにちは
order: 5
"""
    assert problems(write(tmp_path, FILES, {"replies/odd.yaml": text})) == []
    (found, *more) = problems(write(tmp_path, {"replies/odd.yaml": text.replace(old, new)}))
    assert not more, [(one.code, one.message) for one in more]
    assert found.code == code, (found.code, found.message)
    assert place in found.message
    assert hint in found.hint or hint in found.message
    assert found.origin.file == "replies/odd.yaml"
    line = text.split("\n").index(next(one for one in text.split("\n") if old in one)) + 1
    assert found.origin.line in {line, 1}


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("field: likes", "field: gender", "E103", "asks for 'gender' twice"),
        ("if: {field: gender, is: female}", "if: {field: news, is: true}", "E313", "no earlier question"),
        ("if: {field: gender, is: female}", "if: {field: gender, is: woman}", "E306", "'woman'"),
        ("if: {field: gender, is: female}", "if: {field: gender, above: 3}", "E304", "means nothing"),
        ("if: {field: gender, is: female}", "if: {field: gender}", "E103", "exactly one comparison"),
        ("to: gender", "to: tier", "E334", "it does not have 'female'"),
        ("to: gender", "to: gendre", "E301", "unknown attribute 'gendre'"),
        ("to: visits", "to: name", "E334", "of type text, and they are of type number"),
        ("to: prefecture", "to: gender", "E334", "all 47 prefectures"),
        ("code_to: postcode", "code_to: visits", "E334", "of type number"),
        ("tag: gents", "tag: boys", "E302", "unknown tag 'boys'"),
        ("text: {shape: phone}", "text: {shape: phone, pattern: '(x|y)*z'}", "E332", "without end"),
        ("text: {at_most: 20}", "text: {at_least: 30, at_most: 20}", "E103", "at_most below"),
        ("number: {min: 1, max: 999}", "number: {min: 9, max: 1}", "E103", "max below"),
        ("yes_no: {}\n    if", "yes_no: {}\n    choice: [a, b]\n    if", "E103", "exactly one of choice"),
        ("field: likes", "field: likes\n    shown: buttons", "E103", "one of several answers"),
        ("{value: fish, label: 魚}", "{value: meat, label: 魚}", "E103", "same value twice"),
        ("label: 甘いもの", f"label: {'あ' * 21}", "E103", "20 characters"),
        ("label: 甘いもの", f"label: {'あ' * 20}", "E103", "write 19"),
        ("event.name", "event.nmae", "E026", "event.nmae"),
        ("event.name | default('お客様')", "event.name", "E025", "may be unknown"),
        ("お名前を教えてください", "{{ friend.name }}さま", "E025", "friend.name"),
        ("お名前を教えてください", "名前???", "E282", "questions[6].ask"),
        ("お知らせをお送り" + "してもよろしいですか？", "あ" * 161, "E203", "in a message with buttons"),
    ],
)
def test_what_a_form_cannot_keep_is_refused(tmp_path: Path, old: str, new: str, code: str, said: str) -> None:
    assert old in PROFILE
    found = problems(write(tmp_path, FILES, {"forms/profile.yaml": PROFILE.replace(old, new)}))
    assert [(one.code, said in one.message) for one in found] == [(code, True)], [
        (one.code, one.message) for one in found
    ]


def test_an_answer_that_may_be_missing_is_told_without_a_trigger(tmp_path: Path) -> None:
    text = PROFILE.replace("event.name | default('お客様')", "event.name")
    (found,) = problems(write(tmp_path, FILES, {"forms/profile.yaml": text}))
    assert found.hint == "write {{ event.name | default('…') }}"


ROUTE = "kind: route\nname: poster\ntitle: ポスター\ntag: regular\ndo: [{send: [{text: ようこそ}]}]\n"


def test_a_route_is_refused_where_nothing_tells_who_comes_by_it(tmp_path: Path) -> None:
    client = FILES["clients/aoba.yaml"]
    assert problems(write(tmp_path, FILES, {"routes/poster.yaml": ROUTE})) == []
    without = "\n".join(line for line in client.split("\n") if not line.startswith("entry:"))
    found = only(write(tmp_path, {"clients/aoba.yaml": without}))
    assert (found.code, found.origin.file) == ("E336", "routes/poster.yaml")
    assert "entry: {liff: …}" in found.hint
    without = "\n".join(line for line in client.split("\n") if not line.startswith("links:"))
    found = only(write(tmp_path, {"clients/aoba.yaml": without}))
    assert (found.code, found.origin.file) == ("E337", "routes/poster.yaml")


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("tag: regular", "tag: regulra", "E302", "unknown tag 'regulra'"),
        ("text: ようこそ", "text: '{{ friend.name }}'", "E025", "friend.name"),
        ("title: ポスター", "", "E102", "title is missing"),
    ],
)
def test_what_a_route_cannot_keep_is_refused(tmp_path: Path, old: str, new: str, code: str, said: str) -> None:
    found = only(write(tmp_path, FILES, {"routes/poster.yaml": ROUTE.replace(old, new)}))
    assert found.code == code
    assert said in found.message


def test_a_page_needs_an_address_and_a_title_for_every_question_that_is_not_for_all(tmp_path: Path) -> None:
    client = FILES["clients/aoba.yaml"]
    paged = PROFILE + "page: {title: 登録}\n"
    assert problems(write(tmp_path, FILES, {"forms/profile.yaml": paged})) == []
    personal = paged.replace("お名前を教えてください", "{{ friend.name | default('') }}さまのお名前は？")
    assert "needs a 'title'" in only(write(tmp_path, {"forms/profile.yaml": personal})).message
    without = "\n".join(line for line in client.split("\n") if not line.startswith("links:"))
    found = only(write(tmp_path, {"forms/profile.yaml": paged, "clients/aoba.yaml": without}))
    assert (found.code, found.origin.file) == ("E337", "forms/profile.yaml")


def test_a_friends_own_page_is_named_by_its_form_or_member(tmp_path: Path) -> None:
    reply = "kind: reply\nname: page\nwhen: [{keyword: x}]\ndo: [{send: [{text: '{{ page.profile }}'}]}]\n"
    paged = {"forms/profile.yaml": PROFILE + "page: {title: 登録}\n", "replies/page.yaml": reply}
    assert problems(write(tmp_path, FILES, paged)) == []
    assert only(write(tmp_path, {"forms/profile.yaml": PROFILE})).code == "E338"
    found = only(write(tmp_path, paged, {"replies/page.yaml": reply.replace("page.profile", "page.member")}))
    assert (found.code, str(found.origin)) == ("E339", "replies/page.yaml:4:21")
    members = FILES["clients/aoba.yaml"] + "members: {login: 'https://shop.example/login'}\n"
    assert problems(write(tmp_path, {"clients/aoba.yaml": members})) == []
    sale = FILES["campaigns/sale.yaml"].replace("こんにちは", "'{{ page.profile }}'")
    assert only(write(tmp_path, {"campaigns/sale.yaml": sale})).code == "E024"


@pytest.mark.parametrize(
    ("entry", "said"),
    [("{}", "exactly one"), ("{liff: 'x'}", "liff"), ("{liff: 1234567890-AbcdEfgh, basic_id: '@a'}", "exactly one")],
)
def test_an_entry_is_one_way(tmp_path: Path, entry: str, said: str) -> None:
    client = FILES["clients/aoba.yaml"].replace('entry: {basic_id: "@aoba"}', f"entry: {entry}")
    found = only(write(tmp_path, FILES, {"clients/aoba.yaml": client}))
    assert found.code == "E103"
    assert said in found.message


def test_messages_may_stand_in_files_of_their_own(tmp_path: Path) -> None:
    text = (
        "kind: reply\nname: card\nwhen: [{keyword: x}]\ndo: [{send: [{flex: messages/card.yaml, altText: カード}]}]\n"
    )
    card = "type: bubble\nbody: {type: box, layout: vertical, contents: [{type: text, text: '{{ friend.nmae }}'}]}\n"
    found = only(write(tmp_path, FILES, {"replies/card.yaml": text, "replies/messages/card.yaml": card}))
    assert (found.code, str(found.origin)) == ("E026", "replies/messages/card.yaml:2:67")


def test_a_clients_override_changes_a_reply_for_that_client(tmp_path: Path) -> None:
    more = "overrides: {reply.hours: {do: [{send: [{text: 9時からです}]}]}}\n"
    root = write(tmp_path, FILES, {"clients/aoba.yaml": FILES["clients/aoba.yaml"] + more})
    client = load_project(root).clients["aoba"]
    (spec,) = (one.spec for address, one in client.resources.items() if str(address) == "reply.hours")
    assert "9時から" in str(spec)


def test_every_code_of_these_checks_has_a_title() -> None:
    for code in ("E330", "E331", "E332", "E333", "E334"):
        assert CODES[code]
    assert {"reply", "form", "route"} <= {kind.value for kind in SPECS}
    assert own_problems.__doc__
