"""LINE's own audience client as an independent client of the offline account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lineform.sandbox.control import Control
from lineform.sandbox.server import SandboxServer
from support.line_calls import TOKEN, Line, a_text

WAIT = {"_request_timeout": 10}


@dataclass(frozen=True)
class Sdk:
    """`api` for api.line.me, `blob` for api-data.line.me, on one origin."""

    v3: ModuleType
    api: Any
    blob: Any


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def control(sandbox: SandboxServer) -> Control:
    found = Control(sandbox.origin)
    found.reset()
    found.set_clock(1_764_558_000.0)
    found.add_account(name="shop", token=TOKEN, plan_limit=1000)
    return found


@pytest.fixture
def sdk(sandbox: SandboxServer, control: Control) -> Iterator[Sdk]:
    import linebot.v3.audience as v3

    with v3.ApiClient(v3.Configuration(host=sandbox.origin, access_token=TOKEN)) as client:
        yield Sdk(v3, v3.ManageAudience(client), v3.ManageAudienceBlob(client))
        client.rest_client.pool_manager.clear()


@pytest.fixture
def refused(sdk: Sdk) -> Callable[..., Any]:
    """The error that a call ends with, and its details."""

    def call(operation: Callable[..., Any], *values: Any) -> tuple[int, str]:
        with pytest.raises(sdk.v3.ApiException) as caught:
            operation(*values, **WAIT)
        return caught.value.status, sdk.v3.ErrorResponse.from_json(caught.value.body).details[0].message

    return call


def made(sdk: Sdk, users: list[str], description: str = "regulars") -> Any:
    audiences = [sdk.v3.Audience(id=user) for user in users]
    request = sdk.v3.CreateAudienceGroupRequest(
        description=description, uploadDescription="first", audiences=audiences, isIfaAudience=False
    )
    return sdk.api.create_audience_group(request, **WAIT)


def test_an_audience_lives_from_creation_to_deletion(sdk: Sdk, control: Control, refused: Callable[..., Any]) -> None:
    first, second = control.add_friends("shop", 2)
    created = made(sdk, [first])
    number = created.audience_group_id
    assert (created.type, created.permission, created.expire_timestamp - created.created) == (
        "UPLOAD",
        "READ_WRITE",
        180 * 86400,
    )
    assert sdk.api.get_audience_data(number, **WAIT).audience_group.status == "IN_PROGRESS"
    control.advance(10)
    added = sdk.v3.AddAudienceToAudienceGroupRequest(
        audienceGroupId=number, uploadDescription="second", audiences=[sdk.v3.Audience(id=second)]
    )
    sdk.api.add_audience_to_audience_group(added, **WAIT)
    found = sdk.api.get_audience_data(number, **WAIT)
    assert (found.audience_group.status, found.audience_group.audience_count) == ("READY", 1)
    assert [(job.description, job.job_status) for job in found.jobs] == [("second", "QUEUED"), ("first", "FINISHED")]
    control.advance(10)
    assert sdk.api.get_audience_data(number, **WAIT).audience_group.audience_count == 2
    renamed = sdk.v3.UpdateAudienceGroupDescriptionRequest(description="stammkunden")
    sdk.api.update_audience_group_description(number, renamed, **WAIT)
    assert sdk.api.get_audience_data(number, **WAIT).audience_group.description == "stammkunden"
    sdk.api.delete_audience_group(number, **WAIT)
    assert refused(sdk.api.get_audience_data, number) == (400, "AUDIENCE_GROUP_NOT_FOUND")


def test_files_create_and_add(sdk: Sdk, control: Control, tmp_path: Path) -> None:
    friends = control.add_friends("shop", 3)
    files = [tmp_path / "first.txt", tmp_path / "second.txt"]
    files[0].write_text("\n".join(friends[:2]))
    files[1].write_text(friends[2])
    created = sdk.blob.create_audience_for_uploading_user_ids(
        str(files[0]), description="常連", upload_description="by file", **WAIT
    )
    sdk.blob.add_user_ids_to_audience(str(files[1]), audience_group_id=created.audience_group_id, **WAIT)
    control.advance(10)
    (audience,) = control.audiences("shop")
    assert (audience["description"], audience["members"]) == ("常連", sorted(friends))


def test_click_and_impression_audiences_are_understood(
    sdk: Sdk, sandbox: SandboxServer, control: Control, refused: Callable[..., Any]
) -> None:
    control.add_friends("shop", 1)
    request = Line(sandbox.origin).post("/v2/bot/message/broadcast", {"messages": [a_text()]}).request_id
    click = sdk.v3.CreateClickBasedAudienceGroupRequest(
        description="clicked", requestId=request, clickUrl="https://example.com/"
    )
    seen = sdk.v3.CreateImpBasedAudienceGroupRequest(description="saw", requestId=request)
    assert sdk.api.create_click_based_audience_group(click, **WAIT).request_id == request
    assert sdk.api.create_imp_based_audience_group(seen, **WAIT).type == "IMP"
    duplicate = (400, "AUDIENCE_GROUP_REQUESTID_DUPLICATE")
    assert refused(sdk.api.create_click_based_audience_group, click) == duplicate
    assert refused(sdk.api.create_imp_based_audience_group, seen) == duplicate


def test_lists_are_paged_and_filtered(sdk: Sdk, control: Control) -> None:
    friends = control.add_friends("shop", 1)
    for name in ("one", "two", "three"):
        made(sdk, friends, name)
    page = sdk.api.get_audience_groups(1, size=2, **WAIT)
    assert [group.description for group in page.audience_groups] == ["three", "two"]
    assert (page.has_next_page, page.total_count) == (True, 3)
    found = sdk.api.get_audience_groups(
        1, description="T", status="IN_PROGRESS", create_route="MESSAGING_API", **WAIT
    ).audience_groups
    assert [group.description for group in found] == ["three", "two"]
    assert sdk.api.get_shared_audience_groups(1, **WAIT).audience_groups == []
