from __future__ import annotations

import pytest

from lineform.lineapi import limits
from lineform.sandbox.control import Control
from support.line_calls import Line, a_menu, an_area, an_image

MENUS = "/v2/bot/richmenu"
DEFAULT = "/v2/bot/user/all/richmenu"
NOWHERE = "richmenu-" + "0" * 32
SIZE = {"message": "The image size is not allowed for richmenu"}


def test_a_menu_lives_from_creation_to_deletion(line: Line) -> None:
    menu = line.new_menu("first")
    shown = {"richMenuId": menu, **a_menu("first")}
    assert line.get(f"{MENUS}/{menu}").json == shown
    assert line.get(f"{MENUS}/list").json == {"richmenus": [shown]}
    assert line.delete(f"{MENUS}/{menu}").json == {}
    assert line.get(f"{MENUS}/{menu}").json == {"message": "Not found"}
    assert line.delete(f"{MENUS}/{menu}").status == 404


def test_menus_belong_to_their_account(line: Line, control: Control) -> None:
    menu = line.new_menu()
    control.add_account(name="other", token="other")
    line.token = "other"
    assert line.get(f"{MENUS}/{menu}").status == 404
    assert line.get(f"{MENUS}/list").json == {"richmenus": []}


def test_a_menu_that_line_refuses_is_refused_by_validation_too(line: Line) -> None:
    wrong = a_menu()
    del wrong["name"]
    for path in (MENUS, f"{MENUS}/validate"):
        answer = line.post(path, wrong)
        assert answer.status == 400
        assert answer.json["details"] == [{"message": "must be specified", "property": "name"}]
    assert line.post(f"{MENUS}/validate", a_menu()).json == {}
    assert line.get(f"{MENUS}/list").json == {"richmenus": []}


def test_an_account_holds_so_many_menus_and_no_more(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RICHMENUS", 3)
    menus = [line.new_menu() for _ in range(3)]
    assert line.post(MENUS, a_menu()).status == 400
    line.delete(f"{MENUS}/{menus[0]}")
    assert line.post(MENUS, a_menu()).status == 200


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_an_image_comes_back_as_it_went(line: Line, kind: str) -> None:
    menu = line.new_menu(image=False)
    assert line.get(f"{MENUS}/{menu}/content").status == 404
    image = an_image(kind=kind)
    assert line.upload(menu, image, f"image/{kind.lower()}").json == {}
    back = line.get(f"{MENUS}/{menu}/content")
    assert (back.body, back.headers["content-type"]) == (image, f"image/{kind.lower()}")


def test_an_image_can_never_be_replaced(line: Line) -> None:
    menu = line.new_menu()
    again = line.upload(menu, an_image())
    assert (again.status, again.json) == (400, {"message": "An image has already been uploaded to the richmenu"})


@pytest.mark.parametrize(("width", "height"), [(799, 540), (2501, 1500), (800, 249), (1000, 1000), (1000, 700)])
def test_an_image_of_a_wrong_size_is_refused(line: Line, width: int, height: int) -> None:
    menu = line.new_menu(image=False)
    answer = line.upload(menu, an_image(width, height))
    assert (answer.status, answer.json) == (400, SIZE)
    assert line.upload(menu, an_image()).status == 200


def test_an_image_is_judged_by_its_bytes(line: Line) -> None:
    menu = line.new_menu(image=False)
    assert line.upload(menu, an_image(kind="GIF")).status == 400
    assert line.upload(menu, b"\x89PNG\r\n\x1a\n not really").status == 400
    assert line.upload(menu, an_image()[:200]).status == 400
    assert line.upload(menu, an_image(), "image/gif").status == 415
    assert line.upload(menu, an_image() + b"\0" * 1024 * 1024).status == 400
    assert line.upload(menu, an_image() + b"\0" * 2 * 1024 * 1024).status == 413


def test_the_default_menu_is_set_shown_and_cleared(line: Line, control: Control, friend: str) -> None:
    assert line.get(DEFAULT).json == {"message": "no default richmenu", "details": []}
    menu = line.new_menu()
    assert line.post(f"{DEFAULT}/{menu}").json == {}
    assert line.get(DEFAULT).json == {"richMenuId": menu}
    assert control.friend("shop", friend)["menu"]["richMenuId"] == menu
    assert line.delete(DEFAULT).json == {}
    assert line.get(DEFAULT).status == 404
    assert control.friend("shop", friend)["menu"] is None


def test_a_menu_without_an_image_can_be_shown_to_nobody(line: Line, friend: str) -> None:
    menu = line.new_menu(image=False)
    refused = {"message": "must upload richmenu image before applying it to user"}
    assert line.post(f"{DEFAULT}/{menu}").json == refused
    assert line.post(f"/v2/bot/user/{friend}/richmenu/{menu}").json == refused
    assert line.post(f"{MENUS}/bulk/link", {"richMenuId": menu, "userIds": [friend]}).json == refused
    assert line.post(f"{DEFAULT}/{NOWHERE}").status == 404


def test_a_default_menu_of_oa_manager_is_another_channels(line: Line, control: Control, friend: str) -> None:
    theirs = control.manager_menu("shop", a_menu("by hand"))
    answer = line.get(DEFAULT)
    assert (answer.status, answer.json["message"]) == (403, "the richmenu is owned by another channel")
    assert line.get(f"{MENUS}/list").json == {"richmenus": []}
    assert line.get(f"{MENUS}/{theirs}").status == 404
    assert line.delete(f"{MENUS}/{theirs}").status == 404
    assert control.friend("shop", friend)["menu"]["name"] == "by hand"


def test_an_alias_names_a_menu_and_moves(line: Line) -> None:
    first, second = line.new_menu(), line.new_menu()
    aliases = f"{MENUS}/alias"
    assert line.post(aliases, {"richMenuAliasId": "main", "richMenuId": first}).json == {}
    assert line.get(f"{aliases}/main").json == {"richMenuAliasId": "main", "richMenuId": first}
    assert line.post(f"{aliases}/main", {"richMenuId": second}).json == {}
    assert line.get(f"{aliases}/list").json == {"aliases": [{"richMenuAliasId": "main", "richMenuId": second}]}
    assert line.delete(f"{aliases}/main").json == {}
    assert line.get(f"{aliases}/main").json["message"] == "richmenu alias not found"
    assert line.post(f"{aliases}/main", {"richMenuId": second}).status == 404
    assert line.delete(f"{aliases}/main").status == 404


def test_an_alias_that_line_refuses_is_refused(line: Line) -> None:
    menu, bare = line.new_menu(), line.new_menu(image=False)
    aliases = f"{MENUS}/alias"
    assert line.post(aliases, {"richMenuAliasId": "main", "richMenuId": bare}).json["message"] == "richmenu not found"
    assert line.post(aliases, {"richMenuAliasId": "main", "richMenuId": NOWHERE}).status == 400
    wrong = line.post(aliases, {"richMenuAliasId": "main", "richMenuId": "nonsense"})
    assert wrong.json["details"] == [{"message": "invalid richMenuId", "property": "richMenuId"}]
    assert line.post(aliases, {"richMenuAliasId": "Upper", "richMenuId": menu}).status == 400
    assert line.post(aliases, {"richMenuAliasId": "main", "richMenuId": menu}).status == 200
    again = line.post(aliases, {"richMenuAliasId": "main", "richMenuId": menu})
    assert (again.status, again.json["message"]) == (400, "conflict richmenu alias id")


def test_deleting_a_menu_leaves_its_friends_with_the_default_and_its_alias_dangling(
    line: Line, control: Control, friend: str
) -> None:
    default, own = line.new_menu(), line.new_menu()
    line.post(f"{DEFAULT}/{default}")
    line.post(f"/v2/bot/user/{friend}/richmenu/{own}")
    line.post(f"{MENUS}/alias", {"richMenuAliasId": "tab", "richMenuId": own})
    line.delete(f"{MENUS}/{own}")
    assert control.friend("shop", friend)["menu"]["richMenuId"] == default
    assert line.get(f"/v2/bot/user/{friend}/richmenu").status == 404
    assert line.get(f"{MENUS}/alias/tab").json["richMenuId"] == own
    line.delete(f"{MENUS}/{default}")
    assert line.get(DEFAULT).status == 404


def test_a_tab_links_this_one_friend_and_the_default_no_longer_reaches_them(
    line: Line, control: Control, friend: str
) -> None:
    tab = an_area({"type": "richmenuswitch", "richMenuAliasId": "coupons", "data": "to-coupons"})
    main, coupons, new = line.new_menu("main", areas=[tab]), line.new_menu("coupons"), line.new_menu("new")
    line.post(f"{MENUS}/alias", {"richMenuAliasId": "coupons", "richMenuId": coupons})
    line.post(f"{DEFAULT}/{main}")
    event = control.tap("shop", friend, 0)["event"]
    assert event["postback"] == {
        "data": "to-coupons",
        "params": {"newRichMenuAliasId": "coupons", "status": "SUCCESS"},
    }
    assert line.get(f"/v2/bot/user/{friend}/richmenu").json == {"richMenuId": coupons}
    line.post(f"{DEFAULT}/{new}")
    assert control.friend("shop", friend)["menu"]["name"] == "coupons"


def test_a_tab_to_nowhere_says_so_in_its_event(line: Line, control: Control, friend: str) -> None:
    tab = an_area({"type": "richmenuswitch", "richMenuAliasId": "gone", "data": "x"})
    line.post(f"{DEFAULT}/{line.new_menu('main', areas=[tab])}")

    def status() -> object:
        return control.tap("shop", friend, 0)["event"]["postback"]["params"]["status"]

    assert status() == "RICHMENU_ALIAS_ID_NOTFOUND"
    target = line.new_menu()
    line.post(f"{MENUS}/alias", {"richMenuAliasId": "gone", "richMenuId": target})
    line.delete(f"{MENUS}/{target}")
    assert status() == "RICHMENU_NOTFOUND"
