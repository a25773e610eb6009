from __future__ import annotations

from typing import Any

import pytest

from lineform.sandbox.control import Control
from support.line_calls import Line, Reply

MENUS = "/v2/bot/richmenu"
STRANGE_ID = "U" + "0" * 32
NOWHERE = "richmenu-" + "0" * 32


def linked(line: Line, user: str) -> str | None:
    answer = line.get(f"/v2/bot/user/{user}/richmenu")
    return answer.json["richMenuId"] if answer.status == 200 else None


def batch(line: Line, *operations: dict[str, Any], key: str | None = None) -> Reply:
    body: dict[str, Any] = {"operations": list(operations)}
    if key is not None:
        body["resumeRequestKey"] = key
    return line.post(f"{MENUS}/batch", body)


def move(source: str, target: str) -> dict[str, Any]:
    return {"type": "link", "from": source, "to": target}


def phase(line: Line, answer: Reply) -> str:
    found: str = line.get(f"{MENUS}/progress/batch?requestId={answer.request_id}").json["phase"]
    return found


def test_a_link_holds_until_it_is_undone(line: Line, friend: str) -> None:
    menu = line.new_menu()
    path = f"/v2/bot/user/{friend}/richmenu"
    assert line.get(path).json == {"message": "the user has no richmenu", "details": []}
    assert line.post(f"{path}/{menu}").json == {}
    assert linked(line, friend) == menu
    assert line.delete(path).json == {}
    assert linked(line, friend) is None


def test_links_of_people_who_are_no_friends_do_nothing(line: Line, control: Control, friend: str) -> None:
    menu = line.new_menu()
    control.block("shop", friend)
    for user in (friend, STRANGE_ID):
        assert line.post(f"/v2/bot/user/{user}/richmenu/{menu}").status == 200
        assert linked(line, user) is None
    assert line.post(f"/v2/bot/user/nobody/richmenu/{menu}").json == {
        "message": "The value for the 'userId' parameter is invalid"
    }
    assert line.post(f"/v2/bot/user/{friend}/richmenu/{NOWHERE}").status == 404


def test_bulk_links_come_into_force_seconds_after_the_202(line: Line, control: Control) -> None:
    menu = line.new_menu()
    friends = control.add_friends("shop", 3)
    assert line.post(f"{MENUS}/bulk/link", {"richMenuId": menu, "userIds": friends}).status == 202
    assert linked(line, friends[0]) is None
    control.advance(2)
    assert [linked(line, user) for user in friends] == [menu] * 3
    assert line.post(f"{MENUS}/bulk/unlink", {"userIds": friends[:2]}).status == 202
    control.advance(2)
    assert [linked(line, user) for user in friends] == [None, None, menu]


def test_a_bulk_request_that_line_refuses_is_refused(line: Line, control: Control, friend: str) -> None:
    menu = line.new_menu()
    path = f"{MENUS}/bulk/link"
    wrong_user = line.post(path, {"richMenuId": menu, "userIds": ["nobody"]})
    assert wrong_user.json["message"] == (
        "The property, 'userIds[0]', in the request body is invalid (line: -, column: -)"
    )
    assert line.post(path, {"richMenuId": "x", "userIds": [friend]}).json["details"][0]["property"] == "richMenuId"
    assert line.post(path, {"richMenuId": NOWHERE, "userIds": [friend]}).json["message"] == "richmenu not found"
    assert line.post(path, {"richMenuId": menu, "userIds": []}).status == 400
    assert line.post(path, {"richMenuId": menu, "userIds": [friend] * 501}).status == 400


def test_a_batch_is_judged_by_the_state_before_it(line: Line, control: Control) -> None:
    one, two = line.new_menu(), line.new_menu()
    first, second = control.add_friends("shop", 2)
    line.post(f"/v2/bot/user/{first}/richmenu/{one}")
    line.post(f"/v2/bot/user/{second}/richmenu/{two}")
    answer = batch(line, move(one, two), move(two, one))
    assert (answer.status, phase(line, answer)) == (202, "ongoing")
    control.advance(5)
    assert phase(line, answer) == "succeeded"
    assert (linked(line, first), linked(line, second)) == (two, one)


def test_a_batch_can_unlink_some_or_all(line: Line, control: Control) -> None:
    one, two = line.new_menu(), line.new_menu()
    first, second = control.add_friends("shop", 2)
    line.post(f"/v2/bot/user/{first}/richmenu/{one}")
    line.post(f"/v2/bot/user/{second}/richmenu/{two}")
    batch(line, {"type": "unlink", "from": one})
    control.advance(5)
    assert (linked(line, first), linked(line, second)) == (None, two)
    batch(line, {"type": "unlinkAll"})
    control.advance(5)
    assert linked(line, second) is None


def test_a_failed_batch_is_resumed_where_it_stopped(line: Line, control: Control) -> None:
    one, two = line.new_menu(), line.new_menu()
    friends = control.add_friends("shop", 4)
    for user in friends:
        line.post(f"/v2/bot/user/{user}/richmenu/{one}")
    control.fail_next_batch("shop", after=3)
    failed = batch(line, move(one, two), key="resume-1")
    control.advance(5)
    assert phase(line, failed) == "failed"
    assert sorted(str(linked(line, user)) for user in friends) == sorted([two] * 3 + [one])
    # A friend who went back meanwhile was finished by the first request, and is left alone by the second.
    back = next(user for user in friends if linked(line, user) == two)
    line.post(f"/v2/bot/user/{back}/richmenu/{one}")
    again = batch(line, move(one, two), key="resume-1")
    control.advance(5)
    assert phase(line, again) == "succeeded"
    assert [linked(line, user) for user in friends if user != back] == [two] * 3
    assert linked(line, back) == one


def test_three_batches_an_hour_are_let_through(line: Line, control: Control) -> None:
    for _ in range(3):
        assert batch(line, {"type": "unlinkAll"}).status == 202
    assert batch(line, {"type": "unlinkAll"}).status == 429
    control.advance(1200)
    assert batch(line, {"type": "unlinkAll"}).status == 202


@pytest.mark.parametrize("path", ["batch", "validate/batch"])
def test_a_batch_that_line_refuses_is_refused_and_validated_alike(line: Line, control: Control, path: str) -> None:
    control.change("shop", rate_limits=False)
    menu, other, bare = line.new_menu(), line.new_menu(), line.new_menu(image=False)

    def answer(*operations: Any) -> tuple[int, str]:
        found = line.post(f"{MENUS}/{path}", {"operations": list(operations)})
        return found.status, found.json["details"][0]["message"]

    assert answer() == (400, "Size must be between 1 and 1000")
    assert answer(move(menu, other), move(menu, other)) == (400, f"from richmenu ({menu}) is duplicated")
    assert answer(move(menu, bare)) == (400, f"'to' richmenu ({bare}) must have image but it doesn't")
    assert answer(move(NOWHERE, menu)) == (404, f"Richmenu ({NOWHERE}) is not found")
    assert answer(move("x", menu)) == (400, "invalid richMenuId")
    assert answer(move(menu, other), {"type": "unlinkAll"})[1] == "'unlinkAll' type can't be combined with other type"
    assert answer({"type": "swap"})[0] == 400
    assert line.post(f"{MENUS}/validate/batch", {"operations": [move(menu, other)]}).json == {}


def test_batch_progress_is_forgotten_after_14_days(line: Line, control: Control) -> None:
    answer = batch(line, {"type": "unlinkAll"})
    path = f"{MENUS}/progress/batch?requestId={answer.request_id}"
    assert line.get(path).status == 200
    control.advance(14 * 86400)
    assert line.get(path).status == 404
    assert line.get(f"{MENUS}/progress/batch?requestId=x").status == 400
