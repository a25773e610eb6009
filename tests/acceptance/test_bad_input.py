"""Whatever a workspace holds, the answer is a clear problem with a place: never a traceback, never a wait."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lineform.lineapi import limits
from lineform.loading import NoWorkspaceError, find_root, load_project, read_project
from lineform.model.codes import CODES
from lineform.model.problem import InvalidError
from support.workspaces import CAMPAIGN, CLIENT, PROJECT, SMALL, another, only, problems, short, write

MENU = """\
kind: richmenu
name: main
bar: メニュー
image: main.png
cells: [{at: A1, message: やあ}]
"""
FLEX = CAMPAIGN.replace("- text: こんにちは", "- {flex: messages/card.yaml, altText: お知らせ}")
BUBBLE = "type: bubble\nbody: {type: box, layout: vertical, contents: [{part: more.yaml}]}\n"


def test_a_valid_workspace_has_no_problems(tmp_path: Path) -> None:
    assert problems(write(tmp_path, SMALL)) == []


def test_an_empty_folder_is_no_workspace(tmp_path: Path) -> None:
    assert short(problems(tmp_path)) == ["E011 lineform.yaml"]
    with pytest.raises(NoWorkspaceError):
        find_root(tmp_path / "deeper")


def test_the_workspace_is_found_from_below(tmp_path: Path) -> None:
    write(tmp_path, SMALL)
    assert find_root(tmp_path / "campaigns") == tmp_path.resolve()


def test_a_workspace_without_clients_says_so(tmp_path: Path) -> None:
    assert only(write(tmp_path, {"lineform.yaml": PROJECT})).code == "E108"


def test_an_unknown_client_is_named(tmp_path: Path) -> None:
    (problem,) = read_project(write(tmp_path, SMALL), clients=["aobe"]).problems
    assert (problem.code, problem.hint) == ("E109", "did you mean 'aoba'?")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "E009 campaigns/bad.yaml"),
        (b"\x89PNG\r\n\x1a\n\0\0", "E003 campaigns/bad.yaml:1:1"),
        (b"kind: campaign\nname: \0", "E003 campaigns/bad.yaml:2:7"),
        ("kind: campaign\nname: 値段".encode("shift_jis"), "E003 campaigns/bad.yaml:2:7"),
        ("kind: campaign".encode("utf-16"), "E003 campaigns/bad.yaml"),
        ("kind: campaign\u2028name: bad".encode(), "E003 campaigns/bad.yaml:1:15"),
        (b"a: \xed\xa0\x80", "E003 campaigns/bad.yaml:1:4"),
        (b"- a\n- b\n", "E103 campaigns/bad.yaml:1:1"),
        (b"just a text\n", "E103 campaigns/bad.yaml:1:1"),
        (b"kind: campain\nname: bad\n", "E100 campaigns/bad.yaml:1:7"),
        (b"name: bad\n", "E100 campaigns/bad.yaml:1:1"),
        (CAMPAIGN.replace("sale", "other").replace("こんにちは", "こんばんは").encode(), "E104 campaigns/bad.yaml:2:7"),
        (b"kind: project\nname: bad\n", "E106 campaigns/bad.yaml:1:7"),
        (b"kind: client\nname: bad\n", "E106 campaigns/bad.yaml:1:7"),
    ],
)
def test_a_file_that_is_no_resource_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    assert short(problems(write(tmp_path, SMALL, {"campaigns/bad.yaml": content}))) == [expected]


def test_ten_megabytes_are_refused_without_being_read(tmp_path: Path) -> None:
    started = time.monotonic()
    root = write(tmp_path, SMALL, {"campaigns/bad.yaml": b"a: b\n" * 2_000_000})
    assert only(root).code == "E002"
    assert time.monotonic() - started < 2


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert problems(write(tmp_path, SMALL, {"campaigns/sale.yaml": b"\xef\xbb\xbf" + CAMPAIGN.encode()})) == []


def test_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    assert problems(write(tmp_path, SMALL, {"campaigns/sale.yaml": CAMPAIGN.replace("\n", "\r\n").encode()})) == []


def test_parts_that_name_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    files = {
        "campaigns/sale.yaml": FLEX,
        "campaigns/messages/card.yaml": BUBBLE,
        "campaigns/messages/more.yaml": "type: box\nlayout: vertical\ncontents: [{part: card.yaml}]\n",
    }
    found = problems(write(tmp_path, SMALL, files))
    assert "E014 campaigns/messages/more.yaml:3:19" in short(found)


@pytest.mark.parametrize(
    "name",
    ["messages/none.yaml", "../../secret.yaml", "/etc/passwd.yaml", "messages", "{{ values.x }}.yaml", "a\\\\b.yaml"],
)
def test_a_part_that_cannot_be_had_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"secret.yaml": "type: bubble\n"})
    card = FLEX.replace("flex: messages/card.yaml", f'flex: {{part: "{name}"}}')
    found = problems(write(tmp_path / "shop", SMALL, {"campaigns/sale.yaml": card}))
    assert "E013 campaigns/sale.yaml:6:19" in short(found)
    assert "bubble" not in "".join(p.message + p.excerpt for p in found)


def test_a_fault_inside_a_part_points_into_the_part(tmp_path: Path) -> None:
    bubble = "type: bubble\nbody:\n  type: box\n  layout: vertical\n  contents:\n    - {type: text, txt: a}\n"
    found = problems(write(tmp_path, SMALL, {"campaigns/sale.yaml": FLEX, "campaigns/messages/card.yaml": bubble}))
    assert {str(p.origin) for p in found} == {"campaigns/messages/card.yaml:6:7"}


def test_links_out_of_the_workspace_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"outside.yaml": CAMPAIGN, "folder/x.yaml": CAMPAIGN})
    root = write(tmp_path / "shop", SMALL)
    (root / "campaigns/linked.yaml").symlink_to(tmp_path / "outside.yaml")
    (root / "campaigns/folder").symlink_to(tmp_path / "folder")
    (root / "campaigns/dangling.yaml").symlink_to(tmp_path / "nothing.yaml")
    assert [p.code for p in problems(root)] == ["E012", "E012", "E012"]


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    root = write(tmp_path, SMALL)
    (root / "campaigns/round.yaml").symlink_to(root / "campaigns/round.yaml")
    (root / "campaigns/up").symlink_to(root / "campaigns")
    assert short(problems(root)) == ["E012 campaigns/round.yaml", "E012 campaigns/up"]


def test_a_folder_that_is_called_like_a_file_is_walked_and_hidden_files_are_not(tmp_path: Path) -> None:
    files = {
        "campaigns/x.yaml/own.yaml": CAMPAIGN.replace("sale", "own").replace("こんにちは", "こんばんは"),
        "campaigns/.hidden.yaml": "{",
        ".git/config.yaml": "{",
    }
    assert problems(write(tmp_path, SMALL, files)) == []


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    assert short(problems(write(tmp_path, SMALL, {"richmenus/main.yaml": MENU}))) == ["E013 richmenus/main.yaml:4:8"]


def test_an_image_that_is_none_is_refused(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, {"richmenus/main.yaml": MENU, "richmenus/main.png": b"GIF89a"}))
    assert found.code == "E401"


def test_an_image_of_another_size_is_refused(tmp_path: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (2500).to_bytes(4, "big") + (843).to_bytes(4, "big") + b"\x08\x02\0\0\0"
    found = only(write(tmp_path, SMALL, {"richmenus/main.yaml": MENU, "richmenus/main.png": png}))
    assert (found.code, found.message) == ("E403", "image is 2500 x 843 pixels; the menu's size is 2500 x 1686")


def test_an_image_of_more_bytes_than_line_takes_is_refused(tmp_path: Path) -> None:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (2500).to_bytes(4, "big") + (1686).to_bytes(4, "big") + b"\x08\x02\0\0\0"
    files: dict[str, str | bytes] = {
        "richmenus/main.yaml": MENU,
        "richmenus/main.png": head + bytes(limits.RICHMENU_IMAGE_BYTES),
    }
    found = only(write(tmp_path, SMALL, files))
    assert (found.code, found.hint) == ("E402", "save it as JPEG")


@pytest.mark.parametrize("secret", ["abcdef" * 20, "Zm9vYmFy/1234+=", "short"])
def test_a_secret_in_a_file_is_refused_and_never_shown(tmp_path: Path, secret: str) -> None:
    client = CLIENT.replace("token: {env: AOBA_TOKEN}", f"token: {secret}")
    found = only(write(tmp_path, SMALL, {"clients/aoba.yaml": client}))
    assert found.code == "E107"
    assert secret not in repr(found)


def test_a_secret_under_an_unknown_key_is_never_shown(tmp_path: Path) -> None:
    root = write(tmp_path, SMALL, {"clients/aoba.yaml": CLIENT + "channel_secret: 0123456789abcdef\n"})
    found = only(root)
    assert found.code == "E101"
    assert "0123456789abcdef" not in repr(found)


def test_all_problems_of_all_files_come_in_one_run(tmp_path: Path) -> None:
    files = {
        "campaigns/sale.yaml": CAMPAIGN.replace("audience: everyone", "audience: {segment: vip-lapset}"),
        "segments/vip-lapsed.yaml": "kind: segment\nname: vip-lapsed\nwhere: {attribute: tier, is: gold}\n",
        "richmenus/main.yaml": MENU.replace("image: main.png\n", "").replace("A1", "D1"),
        "campaigns/broken.yaml": "a: [",
    }
    root = write(tmp_path, SMALL, files)
    found = problems(root)
    assert {p.code for p in found} == {"E004", "E303", "E404"}
    assert next(p.hint for p in found if p.code == "E303") == "did you mean 'vip-lapsed'?"
    assert all(p.code in CODES for p in found)
    with pytest.raises(InvalidError) as caught:
        load_project(root)
    assert len(caught.value.problems) == 3


def test_a_fault_of_a_shared_file_is_told_once_for_all_clients(tmp_path: Path) -> None:
    clients = {f"clients/c{i}.yaml": another(f"c{i}") for i in range(5)}
    found = only(write(tmp_path, SMALL, clients, {"campaigns/sale.yaml": CAMPAIGN.replace("everyone", "everybody")}))
    assert found.client == ""


def test_a_fault_that_only_one_client_sees_names_it(tmp_path: Path) -> None:
    other = another("beni").replace("percent", "prcent")
    text = CAMPAIGN.replace("こんにちは", '"{{ values.offer.percent }}%"')
    found = only(write(tmp_path, SMALL, {"clients/beni.yaml": other, "campaigns/sale.yaml": text}))
    assert (found.code, found.client, found.hint) == ("E022", "beni", "did you mean 'prcent'?")
