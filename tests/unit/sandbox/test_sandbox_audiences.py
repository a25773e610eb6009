from __future__ import annotations

from typing import Any

import pytest

from lineform.sandbox.control import Control
from support.line_calls import Line, Reply, a_file, a_text

BASE = "/v2/bot/audienceGroup"
DAY = 86400


def create(line: Line, users: list[str], description: str = "regulars", **more: Any) -> Reply:
    ids = [{"id": user} for user in users]
    return line.post(f"{BASE}/upload", {"description": description, "audiences": ids, **more})


def created(line: Line, users: list[str], description: str = "regulars", **more: Any) -> int:
    answer = create(line, users, description, **more)
    assert answer.status == 202, answer.body
    number: int = answer.json["audienceGroupId"]
    return number


def add(line: Line, audience: int, users: list[str], **more: Any) -> Reply:
    return line.call("PUT", f"{BASE}/upload", {"audienceGroupId": audience, "audiences": ids_of(users), **more})


def ids_of(users: list[str]) -> list[dict[str, str]]:
    return [{"id": user} for user in users]


def status(line: Line, audience: int) -> str:
    found: str = line.get(f"{BASE}/{audience}").json["audienceGroup"]["status"]
    return found


def jobs(line: Line, audience: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = line.get(f"{BASE}/{audience}").json["jobs"]
    return found


def code(answer: Reply) -> tuple[int, str]:
    """The status and the detail that names the reason."""
    return answer.status, answer.json.get("details", [{"message": ""}])[0]["message"]


def broadcast(line: Line) -> str:
    return line.post("/v2/bot/message/broadcast", {"messages": [a_text()]}).request_id


def test_an_upload_is_queued_then_worked_on_then_ready(line: Line, control: Control) -> None:
    friends = control.add_friends("shop", 3)
    answer = create(line, friends, uploadDescription="first")
    number = answer.json["audienceGroupId"]
    assert answer.json == {
        "audienceGroupId": number,
        "createRoute": "MESSAGING_API",
        "type": "UPLOAD",
        "description": "regulars",
        "created": 1_764_558_000,
        "permission": "READ_WRITE",
        "expireTimestamp": 1_764_558_000 + 180 * DAY,
        "isIfaAudience": False,
    }
    seen = []
    for seconds in (0, 3, 3):
        control.advance(seconds)
        found = line.get(f"{BASE}/{number}").json
        group, (job,) = found["audienceGroup"], found["jobs"]
        seen.append((group["status"], group["audienceCount"], job["jobStatus"], job["audienceCount"]))
        assert job["description"] == "first"
    assert seen == [("IN_PROGRESS", 0, "QUEUED", 0), ("IN_PROGRESS", 0, "WORKING", 0), ("READY", 3, "FINISHED", 3)]


def test_an_empty_audience_is_never_ready_until_somebody_is_added(line: Line, control: Control, friend: str) -> None:
    audience = created(line, [])
    control.advance(30 * DAY)
    assert (status(line, audience), jobs(line, audience)) == ("IN_PROGRESS", [])
    assert add(line, audience, []).status == 202
    control.advance(60)
    (job,) = jobs(line, audience)
    assert (job["jobStatus"], job["failedType"]) == ("FINISHED", "AUDIENCE_GROUP_AUDIENCE_INSUFFICIENT")
    assert status(line, audience) == "IN_PROGRESS"
    assert add(line, audience, [friend]).status == 202
    control.advance(60)
    assert status(line, audience) == "READY"


def test_ids_are_added_to_a_ready_audience_that_stays_ready(line: Line, control: Control) -> None:
    first, second = control.add_friends("shop", 2)
    audience = created(line, [first])
    control.advance(60)
    assert add(line, audience, [first, second], uploadDescription="second").status == 202
    assert status(line, audience) == "READY"
    assert [(job["description"], job["jobStatus"]) for job in jobs(line, audience)] == [
        ("second", "QUEUED"),
        ("", "FINISHED"),
    ]
    assert control.audiences("shop")[0]["members"] == [first]
    control.advance(60)
    assert control.audiences("shop")[0]["members"] == sorted([first, second])


def test_a_failed_job_brings_nobody(line: Line, control: Control, friend: str) -> None:
    control.fail_next_audience_job("shop")
    audience = created(line, [friend])
    control.advance(60)
    (job,) = jobs(line, audience)
    assert (job["jobStatus"], job["failedType"], status(line, audience)) == ("FAILED", "INTERNAL_ERROR", "IN_PROGRESS")
    assert control.audiences("shop")[0]["members"] == []
    add(line, audience, [friend])
    control.advance(60)
    assert (status(line, audience), control.audiences("shop")[0]["members"]) == ("READY", [friend])


def test_who_did_not_consent_or_is_nobody_here_is_dropped_silently(line: Line, control: Control) -> None:
    yes, no = control.add_friends("shop", [{}, {"consent": False}])
    audience = created(line, [yes, no, "U" + "0" * 32])
    control.advance(60)
    assert jobs(line, audience)[0]["audienceCount"] == 1
    assert control.audiences("shop")[0]["members"] == [yes]


def test_a_file_creates_and_adds(line: Line, control: Control) -> None:
    friends = control.add_friends("shop", 3)
    made = line.call("POST", f"{BASE}/upload/byFile", *a_file(friends[:2], description="常連", uploadDescription="a"))
    assert (made.status, made.json["description"]) == (202, "常連")
    number = made.json["audienceGroupId"]
    assert line.call("PUT", f"{BASE}/upload/byFile", *a_file(friends[2:], audienceGroupId=str(number))).status == 202
    control.advance(60)
    assert control.audiences("shop")[0]["members"] == sorted(friends)


def test_a_wrong_file_is_refused(line: Line, friend: str) -> None:
    def sent(*form: Any) -> Reply:
        return line.call("POST", f"{BASE}/upload/byFile", *form)

    assert sent(*a_file([friend], kind="text/csv", description="x")).status == 415
    assert sent(b"{}", {"Content-Type": "application/json"}).status == 415
    assert code(sent(*a_file([], description="x"))) == (400, "UPLOAD_AUDIENCE_GROUP_NO_VALID_AUDIENCE_IDS")
    wrong = a_file([friend, "U123"], description="x")
    assert code(sent(*wrong)) == (400, "UPLOAD_AUDIENCE_GROUP_INVALID_AUDIENCE_ID_FORMAT")
    body, headers = a_file([friend], description="x")
    assert sent(body[:-10], headers).status == 400
    assert sent(body, {"Content-Type": "multipart/form-data"}).status == 400
    assert sent(body.replace(b'name="file"', b'name="other"'), headers).status == 400
    assert line.get(f"{BASE}/list?page=1").json["totalCount"] == 0


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("", "AUDIENCE_GROUP_NAME_EMPTY"),
        ("  ", "AUDIENCE_GROUP_NAME_EMPTY"),
        (None, "AUDIENCE_GROUP_NAME_EMPTY"),
        ("x" * 121, "AUDIENCE_GROUP_NAME_SIZE_OVER"),
        ("two\nlines", "AUDIENCE_GROUP_NAME_WRONG"),
    ],
)
def test_a_wrong_description_is_refused(line: Line, friend: str, description: Any, reason: str) -> None:
    audience = created(line, [friend], "x" * 120)
    assert code(create(line, [friend], description)) == (400, reason)
    renamed = line.call("PUT", f"{BASE}/{audience}/updateDescription", {"description": description})
    assert code(renamed) == (400, reason)


def test_one_malformed_id_fails_the_whole_call(line: Line, friend: str) -> None:
    wrong = (400, "UPLOAD_AUDIENCE_GROUP_INVALID_AUDIENCE_ID_FORMAT")
    assert code(create(line, [friend, "U123"])) == wrong
    audience = created(line, [friend])
    assert code(add(line, audience, [friend, friend.upper()])) == wrong
    assert len(jobs(line, audience)) == 1
    assert line.get(f"{BASE}/list?page=1").json["totalCount"] == 1


def test_sizes_are_bounded(line: Line, friend: str) -> None:
    users = [f"U{number:032x}" for number in range(10_001)]
    assert code(create(line, users)) == (400, "UPLOAD_AUDIENCE_GROUP_TOO_MANY_AUDIENCE_IDS")
    assert create(line, users[1:]).status == 202
    long = (400, "AUDIENCE_GROUP_UPLOAD_DESCRIPTION_SIZE_OVER")
    assert code(create(line, [friend], uploadDescription="x" * 301)) == long
    assert create(line, [friend], uploadDescription="x" * 300).status == 202


def test_an_unknown_audience_is_a_400_that_names_its_reason(line: Line, friend: str) -> None:
    unknown = {"message": "audience group not found", "details": [{"message": "AUDIENCE_GROUP_NOT_FOUND"}]}
    answers = [
        line.get(f"{BASE}/5"),
        line.get(f"{BASE}/{10**30}"),
        line.get(f"{BASE}/nonsense"),
        line.delete(f"{BASE}/5"),
        line.call("PUT", f"{BASE}/5/updateDescription", {"description": "x"}),
        add(line, 5, [friend]),
        line.get(f"{BASE}/shared/5"),
    ]
    assert [(answer.status, answer.json) for answer in answers] == [(400, unknown)] * 7


def test_an_audience_of_another_channel_is_unknown(line: Line, control: Control, friend: str) -> None:
    audience = created(line, [friend])
    control.add_account(name="other", token="other")
    line.token = "other"
    assert line.get(f"{BASE}/{audience}").status == 400
    assert line.get(f"{BASE}/list?page=1").json["audienceGroups"] == []


def test_an_audience_is_renamed_and_deleted(line: Line, control: Control, friend: str) -> None:
    audience = created(line, [friend])
    assert line.call("PUT", f"{BASE}/{audience}/updateDescription", {"description": "stammkunden"}).status == 200
    assert line.get(f"{BASE}/{audience}").json["audienceGroup"]["description"] == "stammkunden"
    assert line.delete(f"{BASE}/{audience}").status == 200
    assert line.get(f"{BASE}/{audience}").status == 400
    control.advance(60)
    assert control.audiences("shop") == []


def test_an_audience_expires_after_180_days_and_vanishes_a_month_later(
    line: Line, control: Control, friend: str
) -> None:
    audience = created(line, [friend])
    control.advance(180 * DAY - 1)
    assert status(line, audience) == "READY"
    control.advance(1)
    assert status(line, audience) == "EXPIRED"
    assert code(add(line, audience, [friend])) == (400, "AUDIENCE_GROUP_CAN_NOT_UPLOAD_STATUS_EXPIRED")
    control.advance(30 * DAY)
    assert code(line.get(f"{BASE}/{audience}")) == (400, "AUDIENCE_GROUP_NOT_FOUND")


def test_ten_operations_run_at_once_and_no_more(line: Line, control: Control, friend: str) -> None:
    audience = created(line, [friend])
    assert {add(line, audience, [friend]).status for _ in range(9)} == {202}
    refused = add(line, audience, [friend])
    assert refused.status == 429
    assert "rate limit" not in refused.json["message"]
    assert create(line, [friend]).status == 202
    control.advance(60)
    assert add(line, audience, [friend]).status == 202


def test_each_endpoint_has_sixty_calls_a_minute(line: Line, control: Control, friend: str) -> None:
    audience = created(line, [friend])
    assert {line.get(f"{BASE}/{audience}").status for _ in range(60)} == {200}
    assert line.get(f"{BASE}/{audience}").status == 429
    assert line.get(f"{BASE}/list?page=1").status == 200
    control.advance(1)
    assert line.get(f"{BASE}/{audience}").status == 200


def test_a_thousand_audiences_are_the_most(line: Line, control: Control) -> None:
    control.change("shop", rate_limits=False)
    control.foreign_audience("shop", "of the manager")
    for _ in range(1000):
        created(line, [])
    assert code(create(line, [])) == (400, "AUDIENCE_GROUP_COUNT_MAX_OVER")


def test_the_list_is_paged_and_filtered(line: Line, control: Control, friend: str) -> None:
    for name in ("One", "Two", "three"):
        created(line, [friend], name)
    control.advance(60)
    control.foreign_audience("shop", "four", members=[friend])
    empty = created(line, [], "five")

    def found(query: str) -> list[str]:
        answer = line.get(f"{BASE}/list?{query}").json
        return [entry["description"] for entry in answer["audienceGroups"]]

    assert found("page=1&size=2") == ["five", "four"]
    assert found("page=3&size=2") == ["One"]
    assert found("page=4&size=2") == []
    assert found("page=1&description=TH") == ["three"]
    assert found("page=1&status=IN_PROGRESS") == ["five"]
    assert found("page=1&createRoute=OA_MANAGER") == ["four"]
    first = line.get(f"{BASE}/list?page=1&size=2").json
    assert {name: first[name] for name in ("hasNextPage", "totalCount", "page", "size")} == {
        "hasNextPage": True,
        "totalCount": 5,
        "page": 1,
        "size": 2,
    }
    assert first["readWriteAudienceGroupTotalCount"] == 4
    assert first["audienceGroups"][0]["audienceGroupId"] == empty
    assert line.get(f"{BASE}/shared/list?page=1").json["audienceGroups"] == []
    for query in ("", "page=0", "page=x", "page=1&size=41", "page=1&status=NO", "page=1&createRoute=NO"):
        assert line.get(f"{BASE}/list?{query}").status == 400


def test_clicks_and_impressions_of_a_broadcast_make_an_audience_each(line: Line, control: Control) -> None:
    friends = control.add_friends("shop", 30)
    request = broadcast(line)
    url = "https://example.com/sale"
    click = line.post(f"{BASE}/click", {"description": "clicked", "requestId": request, "clickUrl": url})
    assert (click.status, click.json["type"], click.json["clickUrl"]) == (202, "CLICK", url)
    impression = line.post(f"{BASE}/imp", {"description": "saw", "requestId": request})
    assert (impression.status, impression.json["type"], impression.json["requestId"]) == (202, "IMP", request)
    number = click.json["audienceGroupId"]
    assert status(line, number) == "IN_PROGRESS"
    control.advance(60)
    assert status(line, number) == "READY"
    counts = []
    for size in (19, 20):
        control.change_audience("shop", number, members=friends[:size])
        counts.append(line.get(f"{BASE}/{number}").json["audienceGroup"]["audienceCount"])
    assert counts == [0, 20]
    assert add(line, number, friends).status == 400


def test_the_same_request_makes_one_audience_a_link(line: Line, friend: str) -> None:
    request = broadcast(line)
    one = {"description": "x", "requestId": request, "clickUrl": "https://example.com/1"}
    assert line.post(f"{BASE}/click", one).status == 202
    assert code(line.post(f"{BASE}/click", one)) == (400, "AUDIENCE_GROUP_REQUESTID_DUPLICATE")
    assert line.post(f"{BASE}/click", {**one, "clickUrl": "https://example.com/2"}).status == 202
    whole = {"description": "x", "requestId": request}
    assert [line.post(f"{BASE}/{kind}", whole).status for kind in ("click", "click", "imp", "imp")] == [
        *(202, 400),
        *(202, 400),
    ]


def test_only_a_recent_broadcast_or_narrowcast_makes_an_audience(line: Line, control: Control, friend: str) -> None:
    def asked(request: str) -> tuple[int, str]:
        return code(line.post(f"{BASE}/imp", {"description": "x", "requestId": request}))

    narrowcast = line.post("/v2/bot/message/narrowcast", {"messages": [a_text()]}).request_id
    assert asked(narrowcast)[0] == 202
    assert asked(line.push(friend).request_id) == (400, "REQUEST_NOT_FOUND")
    assert asked("nonsense") == (400, "REQUEST_NOT_FOUND")
    old = broadcast(line)
    control.advance(60 * DAY)
    assert asked(old) == (400, "TOO_OLD_MESSAGES")


def test_what_others_made_can_be_read_and_not_changed(line: Line, control: Control, friend: str) -> None:
    audience = control.foreign_audience("shop", "of the manager", type="UPLOAD", members=[friend])
    assert line.get(f"{BASE}/{audience}").json["audienceGroup"]["permission"] == "READ"
    assert line.delete(f"{BASE}/{audience}").status == 403
    assert line.call("PUT", f"{BASE}/{audience}/updateDescription", {"description": "x"}).status == 403
    assert add(line, audience, [friend]).status == 403


def test_identifiers_for_advertisers_need_an_application(line: Line, friend: str) -> None:
    assert create(line, [friend], isIfaAudience=True).status == 403
    assert create(line, [friend], isIfaAudience=False).status == 202
