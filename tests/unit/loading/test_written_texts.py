"""Texts that YAML cuts off or keeps otherwise than their author meant are told before friends read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.model.problem import Severity
from support.workspaces import CAMPAIGN, CLIENT, SMALL, only, problems, write

MENU = "kind: richmenu\nname: main\nbar: {bar}\ncells:\n  - at: A1\n    message: {message}\n"


def campaign(written: str) -> dict[str, str]:
    return {"campaigns/sale.yaml": CAMPAIGN.replace("こんにちは", written)}


def test_a_text_that_a_hash_cuts_off_is_told_where_it_ends(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, campaign("冬の新作が入りました #秋田犬 も待っています")))
    assert (found.code, found.severity, str(found.origin)) == ("E008", Severity.WARNING, "campaigns/sale.yaml:6:22")
    assert found.message == "the text ends before '#秋田犬 も待っています', which is a remark to YAML"
    assert found.hint == "put the whole text in quotes, or the remark on a line of its own"


def test_a_text_that_is_nothing_but_a_tag_is_told_to_be_empty(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, campaign("#秋の新作")))
    assert (found.code, found.severity) == ("E008", Severity.ERROR)
    assert (found.message, found.hint) == (
        "the text is empty, and '#秋の新作' is a remark to YAML",
        "put the text in quotes",
    )


@pytest.mark.parametrize("written", ["一行目\\n二行目", "'一行目\\n二行目'", "|-\n      一行目\\n二行目"])
def test_a_line_break_in_letters_is_told(tmp_path: Path, written: str) -> None:
    found = only(write(tmp_path, SMALL, campaign(written)))
    assert (found.code, found.severity, str(found.origin)) == ("E008", Severity.WARNING, "campaigns/sale.yaml:6:11")
    assert found.hint == "put it in double quotes, or write it as a block: |-"


@pytest.mark.parametrize(
    "written",
    [
        '"冬の新作 #秋田犬 も"',
        "'冬の新作 #秋田犬 も'",
        "冬の新作#秋田犬",
        "C#入門",
        "|-\n      一行目 #タグ\n      二行目",
        '"一行目\\n二行目"',
        '"一行目\\\\n二行目"',
        "{{ client.title | replace('\\n', ' ') }}へ".join("''").replace("'\\n', ' '", "''\\n'', '' ''"),
        "こんにちは\n  # 次の行の覚え書き",
    ],
)
def test_a_text_that_is_read_as_it_was_meant_is_not_told(tmp_path: Path, written: str) -> None:
    assert problems(write(tmp_path, SMALL, campaign(written))) == []


def test_a_remark_behind_anything_else_is_not_told(tmp_path: Path) -> None:
    text = CAMPAIGN.replace("audience: everyone", "audience: everyone # 全員").replace("name: sale", "name: sale # 冬")
    client = CLIENT.replace("title: 青葉サロン", "title: 青葉サロン # 店名")
    assert problems(write(tmp_path, SMALL, {"campaigns/sale.yaml": text, "clients/aoba.yaml": client})) == []


def test_menus_parts_and_overrides_are_read_so_too(tmp_path: Path) -> None:
    override = "overrides:\n  campaign.sale:\n    messages:\n      - text: 冬 #秋\n"
    files = {
        "clients/aoba.yaml": CLIENT + override,
        "richmenus/main.yaml": MENU.format(bar="春 #桜", message="夏\\n海"),
        "campaigns/card.yaml": CAMPAIGN.replace("sale", "card").replace(
            "text: こんにちは", "{altText: 花, flex: messages/card.yaml}"
        ),
        "campaigns/messages/card.yaml": "type: bubble\nbody:\n  type: box\n  layout: vertical\n"
        "  contents:\n    - type: text\n      text: 花見 #上野\n",
    }
    found = problems(write(tmp_path, SMALL, files))
    assert [(one.code, str(one.origin)) for one in found] == [
        ("E008", "campaigns/messages/card.yaml:7:16"),
        ("E008", "clients/aoba.yaml:11:17"),
        ("E008", "richmenus/main.yaml:3:8"),
        ("E008", "richmenus/main.yaml:6:14"),
    ]


def test_answers_of_a_form_are_read_so_too(tmp_path: Path) -> None:
    form = (
        "kind: form\nname: who\nquestions:\n  - field: rank\n    ask: 会員種別は？ #必須\n"
        "    choice:\n      - 金 #上\n      - 銀\n"
    )
    found = problems(write(tmp_path, SMALL, {"clients/aoba/forms/who.yaml": form}))
    assert [str(one.origin) for one in found if one.code == "E008"] == [
        "clients/aoba/forms/who.yaml:5:17",
        "clients/aoba/forms/who.yaml:7:11",
    ]
