"""What resources say about each other, about friends and about LINE's limits is checked with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.loading import load_project
from lineform.model.problem import Severity
from support.workspaces import CAMPAIGN, CLIENT, SMALL, another, only, problems, write

MENU = "kind: richmenu\nname: main\nbar: メニュー\n"


def campaign(text: str, more: str = "") -> dict[str, str]:
    return {"campaigns/sale.yaml": CAMPAIGN.replace("こんにちは", f'"{text}"') + more}


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("{{ friend.name }}さま", "E025", "write {{ friend.name | default('…') }}, or list it under skip_if_unknown"),
        ("{{ friend.nam | default('') }}", "E026", "did you mean 'name'?"),
        ("{{ friend }}", "E026", "name one attribute, such as friend.display_name"),
        ("{{ run.dat }}", "E026", "did you mean 'date'?"),
        (
            "{{ event.price }}",
            "E024",
            "a campaign's messages read client, values, friend, run, code, link, coupon and items",
        ),
        ("{{ coupon.code }}", "E323", "declare it in a file of kind coupon, and name it under uses.coupons"),
        ("{{ values.ofer.percent }}", "E022", "did you mean 'offer'?"),
        ("{{ frend.name }}", "E021", "did you mean 'friend'?"),
        ("{{ friend.name | defualt('x') }}", "E020", "did you mean 'default'?"),
        ("当選??????", "E282", ""),
        ("文字化け\ufffd", "E283", ""),
        ("これはテストです", "E284", ""),
        ("さま }} {% だけ", "E020", ""),
        ("{{ values.offer.percent }}", "E209", "write {{ values.offer.percent | string }}"),
        ("あ" * 5001, "E203", ""),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused(tmp_path: Path, text: str, code: str, hint: str) -> None:
    found = only(write(tmp_path, SMALL, campaign(text)))
    assert (found.code, str(found.origin), found.address) == (code, "campaigns/sale.yaml:6:11", "campaign.sale")
    assert found.hint == hint or code in {"E282", "E283", "E284", "E020"}


@pytest.mark.parametrize(
    "text",
    [
        "{{ friend.display_name | default('お客様') }}さま",
        "{{ friend.name | default('お客様') }}",
        "{{ run.date | date }}",
        "50% off #tag - {a} ??",
    ],
)
def test_a_text_that_can_be_sent_is_accepted(tmp_path: Path, text: str) -> None:
    assert problems(write(tmp_path, SMALL, campaign(text))) == []


@pytest.mark.parametrize("text", ["{ friend.name }}さま", "｛｛ friend.name ｝｝さま", "{friend.name}さま", "さま }}"])
def test_a_mistyped_expression_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    found = only(write(tmp_path, SMALL, campaign(text)))
    assert (found.code, str(found.origin)) == ("E281", "campaigns/sale.yaml:6:11")
    assert found.hint == "write an expression as {{ friend.name }}: two half-width braces on either side"


def test_a_mistyped_expression_in_a_value_is_told_of_the_text_that_reads_it(tmp_path: Path) -> None:
    client = CLIENT.replace("values: {", 'values: {shop: "{ client.title }}", ')
    for text in ("{{ values.shop }}へ", "{{ friend.name | default('お客様') }}さま、{{ values.shop }}へ"):
        files = {"clients/aoba.yaml": client, **campaign(text)}
        assert only(write(tmp_path, SMALL, files)).code == "E281"


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("richmenus/main.yaml", MENU.replace("メニュー", '"{values.a}"') + "cells: [{at: A1, message: a}]\n", "3:6"),
        ("richmenus/main.yaml", MENU + 'cells: [{at: A1, message: "｛｛a｝｝"}]\n', "4:27"),
        (
            "clients/aoba/forms/who.yaml",
            'kind: form\nname: who\nquestions: [{field: name, ask: お名前は？, text: {}}]\nwords: {back: "}}戻る"}\n',
            "4:15",
        ),
    ],
)  # fmt: skip
def test_a_mistyped_expression_in_what_is_no_message_is_told_too(
    tmp_path: Path, file: str, text: str, place: str
) -> None:
    found = only(write(tmp_path, SMALL, {"campaigns/sale.yaml": None, file: text}))
    assert (found.code, str(found.origin)) == ("E281", f"{file}:{place}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "{{ friend.nama | default('') }} {{ values.nope }} {{ frend.name }}",
            ["E021 did you mean 'friend'?", "E022 ", "E026 did you mean 'name'?"],
        ),
        (
            "{{ values.nope }} {{ values.nix }} {{ client.titel }}",
            ["E022 ", "E022 ", "E022 did you mean 'title'?"],
        ),
        ("{{ friend.nama | default('') }} {{ values.nope }}", ["E022 ", "E026 did you mean 'name'?"]),
        (
            "{{ client.title | uper }} {{ client.title | loer }}",
            ["E020 did you mean 'lower'?", "E020 did you mean 'upper'?"],
        ),
    ],
)
def test_everything_that_one_text_names_wrongly_is_told_at_once(tmp_path: Path, text: str, said: list[str]) -> None:
    found = problems(write(tmp_path, SMALL, campaign(text)))
    assert {str(one.origin) for one in found} == {"campaigns/sale.yaml:6:11"}
    assert sorted(f"{one.code} {one.hint}" for one in found) == said


def test_an_unknown_value_may_skip_the_friend(tmp_path: Path) -> None:
    assert problems(write(tmp_path, SMALL, campaign("{{ friend.name }}", "skip_if_unknown: [name]\n"))) == []
    assert only(write(tmp_path, SMALL, campaign("あ", "skip_if_unknown: [nam]\n"))).code == "E301"


def test_a_misused_filter_is_told_where_it_is_written(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, campaign("{{ run.date | add_days('x') | date }}まで")))
    assert (found.code, str(found.origin)) == ("E027", "campaigns/sale.yaml:6:11")
    assert found.message == "messages[0].text: add_days('x') needs a whole number of days"


@pytest.mark.parametrize(
    "text", ["{% if friend.tier is defined %}{% endif %}", "{% if friend.tier is defined %} {% else %}　{% endif %}"]
)
def test_a_text_that_is_always_empty_is_refused(tmp_path: Path, text: str) -> None:
    assert only(write(tmp_path, SMALL, campaign(text))).code == "E280"


def test_a_text_that_may_be_empty_is_not(tmp_path: Path) -> None:
    assert problems(write(tmp_path, SMALL, campaign("{% if friend.tier is defined %}会員さま{% endif %}"))) == []


def test_a_test_account_may_say_test(tmp_path: Path) -> None:
    files = {**campaign("これはテストです"), "clients/aoba.yaml": CLIENT + "environment: test\n"}
    assert problems(write(tmp_path, SMALL, files)) == []


def test_a_field_that_decides_who_cannot_read_a_friend(tmp_path: Path) -> None:
    text = CAMPAIGN.replace("audience: everyone", 'audience: {where: {attribute: name, is: "{{ friend.name }}"}}')
    found = only(write(tmp_path, SMALL, {"campaigns/sale.yaml": text}))
    assert (found.code, str(found.origin)) == ("E024", "campaigns/sale.yaml:3:41")


def test_a_clients_own_settings_are_no_templates(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, {"clients/aoba.yaml": CLIENT.replace("青葉サロン", '"{{ values.x }}"')}))
    assert (found.code, str(found.origin)) == ("E024", "clients/aoba.yaml:3:8")


def test_a_fault_that_only_the_second_client_has_is_found(tmp_path: Path) -> None:
    other = another("beni").replace("percent: 30", "percent: 三割？？？")
    write(tmp_path, SMALL, {"clients/beni.yaml": other}, campaign("{{ values.offer.percent }}%"))
    found = only(tmp_path)
    assert (found.code, found.client) == ("E282", "beni")


def test_a_limit_that_only_the_second_client_breaks_is_found(tmp_path: Path) -> None:
    other = another("beni").replace("percent: 30", f"percent: {'長' * 5000}")
    write(tmp_path, SMALL, {"clients/beni.yaml": other}, campaign("{{ values.offer.percent }}%"))
    found = only(tmp_path)
    assert (found.code, found.client) == ("E203", "beni")


@pytest.mark.parametrize(
    ("schedule", "code"),
    [
        ('{cron: "0 10 * *"}', "E112"),
        ('{cron: "@daily"}', "E112"),
        ('{cron: "0 10 1 * *", starts: 2026-12-02, ends: 2026-12-01}', "E113"),
    ],
)
def test_a_rule_that_never_fires_is_refused(tmp_path: Path, schedule: str, code: str) -> None:
    text = CAMPAIGN.replace('{at: "2026-12-01T10:00"}', schedule)
    assert only(write(tmp_path, SMALL, {"campaigns/sale.yaml": text})).code == code


@pytest.mark.parametrize(("rule", "times"), [("* 10 * * *", 60), ("*/30 9-18 * * 1-5", 2), ("0,1 10 1 1 *", 2)])
def test_a_campaign_that_comes_due_again_within_the_hour_is_refused(tmp_path: Path, rule: str, times: int) -> None:
    text = CAMPAIGN.replace('{at: "2026-12-01T10:00"}', f'{{cron: "{rule}", starts: "2026-12-01"}}')
    found = only(write(tmp_path, SMALL, {"campaigns/sale.yaml": text}))
    assert (found.code, str(found.origin)) == ("E120", "campaigns/sale.yaml:4:18")
    assert found.message == f"schedule.cron: '{rule}' comes due {times} times within an hour"
    assert f"write '0 {rule.partition(' ')[2]}'" in found.hint


@pytest.mark.parametrize("rule", ["0 10 * * *", "30 * * * *", "5-5 9,18 * * 5"])
def test_a_campaign_that_comes_due_once_an_hour_is_not(tmp_path: Path, rule: str) -> None:
    text = CAMPAIGN.replace('{at: "2026-12-01T10:00"}', f'{{cron: "{rule}"}}')
    assert problems(write(tmp_path, SMALL, {"campaigns/sale.yaml": text})) == []


@pytest.mark.parametrize(
    ("cells", "code", "place"),
    [
        ("[{at: C1, span: [2, 1], message: a}]", "E404", "4:14"),
        ("[{at: A1, switch: coupon}]", "E406", "4:26"),
        ("[{at: A1, uri: ftp//x}]", "E213", "4:23"),
        ("[{at: A1, message: a, label: ああああああああああああああああああああああ}]", "E203", "4:37"),
        ("[{at: A1, postback: {dat: x}}]", "E201", "4:28"),
    ],
)
def test_a_menus_fault_points_at_its_cell(tmp_path: Path, cells: str, code: str, place: str) -> None:
    found = problems(write(tmp_path, SMALL, {"richmenus/main.yaml": f"{MENU}cells: {cells}\n"}))
    assert (found[0].code, str(found[0].origin)) == (code, f"richmenus/main.yaml:{place}")


def test_a_bar_that_is_too_long_is_counted_as_people_see_it(tmp_path: Path) -> None:
    family = "👨‍👩‍👧‍👦"
    menu = "kind: richmenu\nname: main\nbar: {}\ncells: [{{at: A1, message: a}}]\n"
    assert problems(write(tmp_path, SMALL, {"richmenus/main.yaml": menu.format(family * 14)})) == []
    assert only(write(tmp_path, SMALL, {"richmenus/main.yaml": menu.format(family * 15)})).code == "E203"


def test_cells_that_lie_over_each_other_are_warned_about(tmp_path: Path) -> None:
    menu = MENU + "cells: [{at: A1, span: [2, 1], message: a}, {at: B1, message: b}]\n"
    found = only(write(tmp_path, SMALL, {"richmenus/main.yaml": menu}))
    assert (found.code, found.severity) == ("E405", Severity.WARNING)
    assert load_project(tmp_path).clients["aoba"].resources


def test_a_client_has_one_default_menu(tmp_path: Path) -> None:
    menu = MENU + "default: true\ncells: [{at: A1, message: a}]\n"
    files = {"richmenus/main.yaml": menu, "richmenus/other.yaml": menu.replace("main", "other")}
    assert only(write(tmp_path, SMALL, files)).code == "E407"


TEST = "kind: test\nname: sale-test\ncampaign: sale\nnow: 2026-12-01T10:00\nfriends: [{name: hana, tags: [regular]}]\n"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [("campaign: sale", "campaign: sail", "E116"), ("[regular]", "[reglar]", "E302"), ("10:00\n", "noon\n", "E103")],
)
def test_a_tests_own_words_are_checked(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert problems(write(tmp_path, SMALL, {"clients/aoba/tests/sale-test.yaml": TEST})) == []
    assert only(write(tmp_path, {"clients/aoba/tests/sale-test.yaml": TEST.replace(old, new)})).code == code


def test_a_broken_file_causes_no_further_problems(tmp_path: Path) -> None:
    text = CAMPAIGN.replace("everyone", "{where: {attribute: tier, is: gold}}")
    broken = {
        "segments/basics.yaml": "kind: attributes\nname: basics\nattributes: {tier: {type: enumm}}\n",
        "campaigns/sale.yaml": text,
    }
    assert {p.origin.file for p in problems(write(tmp_path, SMALL, broken))} == {"segments/basics.yaml"}


EACH = CAMPAIGN.replace(
    "- text: こんにちは",
    "- {each: friend.tags, as: tag, limit: 2, do: {text: '{{ tag }}'}, else: [{text: なし}, {txt: 誤り}]}",
)


def test_repeated_messages_are_checked_with_their_else(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, {"campaigns/sale.yaml": EACH}))
    assert (found.code, found.excerpt[found.origin.column - 1 :][:3]) == ("E210", "txt")
    assert problems(write(tmp_path, {"campaigns/sale.yaml": EACH.replace("txt", "text")})) == []
