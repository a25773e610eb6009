"""The contract of the LineAccount port about audiences; see test_line_account.py for the two stages."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from uuid import UUID

import pytest

from lineform.line.account import HttpLineAccount
from lineform.lineapi.routes import Route
from lineform.planning.live_audiences import AudienceStatus, JobStatus
from lineform.ports.line_account import NotFound, Refused
from support.line_stages import Stage

KEY = UUID("123e4567-e89b-42d3-a456-426614174001")
HELLO = '{"messages":[{"type":"text","text":"こんにちは"}]}'.encode()
URL = "https://example.com/sale"


def test_an_audience_lives_from_its_upload_to_its_deletion(stage: Stage) -> None:
    first, second = stage.friends(2)

    async def upload(account: HttpLineAccount) -> int:
        audience = await account.create_audience("regulars", "first", [first])
        [found] = await account.audiences()
        assert (found.id, found.type, found.status) == (audience, "UPLOAD", AudienceStatus.IN_PROGRESS)
        assert (found.writable, found.count) == (True, 0)
        assert found.created is not None
        assert found.expires == found.created + timedelta(days=180)
        [job] = await account.audience_jobs(audience)
        assert (job.description, job.status) == ("first", JobStatus.QUEUED)
        await account.add_to_audience(audience, "second", [second])
        return audience

    async def finish(account: HttpLineAccount) -> None:
        jobs = await account.audience_jobs(audience)
        assert [(job.description, job.status, job.count) for job in jobs] == [
            ("second", JobStatus.FINISHED, 1),
            ("first", JobStatus.FINISHED, 1),
        ]
        await account.rename_audience(audience, "renamed")
        [found] = await account.audiences()
        assert (found.description, found.status, found.count) == ("renamed", AudienceStatus.READY, 2)
        await account.delete_audience(audience)
        assert await account.audiences() == []

    audience = stage.play(upload)
    stage.given(lambda control, _: control.advance(60))
    stage.play(finish)


def test_an_audience_that_is_not_there_is_not_found(stage: Stage) -> None:
    async def play(account: HttpLineAccount) -> None:
        calls: list[Awaitable[object]] = [
            account.audience_jobs(5),
            account.add_to_audience(5, "x", []),
            account.rename_audience(5, "x"),
            account.delete_audience(5),
        ]
        for call in calls:
            with pytest.raises(NotFound) as caught:
                await call
            assert caught.value.status == 400

    stage.play(play)


def test_a_malformed_id_refuses_the_whole_upload(stage: Stage) -> None:
    async def play(account: HttpLineAccount) -> None:
        with pytest.raises(Refused) as caught:
            await account.create_audience("regulars", "first", ["U123"])
        assert not isinstance(caught.value, NotFound)
        assert caught.value.details == "UPLOAD_AUDIENCE_GROUP_INVALID_AUDIENCE_ID_FORMAT"

    stage.play(play)


def test_clicks_and_impressions_of_a_send_make_an_audience_each(stage: Stage) -> None:
    stage.friends(1)

    async def play(account: HttpLineAccount) -> None:
        request = (await account.send(Route.BROADCAST, HELLO, KEY)).accepted_request_id
        click = await account.create_click_audience("clicked", request, URL)
        any_click = await account.create_click_audience("clicked any", request)
        saw = await account.create_impression_audience("saw", request)
        with pytest.raises(Refused, match="already"):
            await account.create_impression_audience("saw", request)
        found = await account.audiences()
        assert {(one.id, one.type, one.request_id, one.click_url) for one in found} == {
            (click, "CLICK", request, URL),
            (any_click, "CLICK", request, ""),
            (saw, "IMP", request, ""),
        }

    stage.play(play)


def test_every_page_of_audiences_is_read_and_none_twice(stage: Stage) -> None:
    stage.given(lambda control, name: [control.foreign_audience(name, f"tag {number}") for number in range(41)])

    async def play(account: HttpLineAccount) -> None:
        found = await account.audiences()
        assert len({one.id for one in found}) == len(found) == 41
        assert {(one.type, one.status, one.writable, one.expires) for one in found} == {
            ("CHAT_TAG", AudienceStatus.READY, False, None)
        }

    stage.play(play)
