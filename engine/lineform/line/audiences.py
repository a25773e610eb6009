"""LINE's own audiences: https://developers.line.biz/en/reference/messaging-api/#manage-audience-group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar

from lineform.line.calls import Area
from lineform.line.exchange import JsonObject, Request, post, put
from lineform.lineapi import errors, limits
from lineform.planning.live_audiences import AudienceJob, AudienceStatus, JobStatus, LiveAudience
from lineform.ports.line_account import NotFound, Refused

_AUDIENCES: Final = "/v2/bot/audienceGroup"
_UPLOAD: Final = f"{_AUDIENCES}/upload"
UPLOAD_SECONDS: Final = 60.0
"""LINE asks for a time-out of 30 seconds or more when ids are uploaded, and a lost answer is dear."""

Word = TypeVar("Word", bound=StrEnum)


class AudienceCalls(Area):
    """Nothing here is sent twice: LINE has no retry key for audiences, so only the caller can tell what became of a
    request without an answer, by looking."""

    async def audiences(self) -> Sequence[LiveAudience]:
        """Pages move while somebody makes or deletes one, so each audience is taken once, by its id."""
        found: dict[int, LiveAudience] = {}
        page = 1
        while True:
            query = (("page", str(page)), ("size", str(limits.AUDIENCE_PAGE)))
            answer = await self._calls.get_object(f"{_AUDIENCES}/list", query)
            groups = answer.each("audienceGroups")
            for one in groups:
                audience = _audience(one)
                found.setdefault(audience.id, audience)
            if not groups or answer.members.get("hasNextPage") is not True:
                return list(found.values())
            page += 1

    async def audience_jobs(self, audience_id: int) -> Sequence[AudienceJob]:
        with _missing_is_not_found():
            answer = await self._calls.get_object(f"{_AUDIENCES}/{audience_id:d}")
        return [_job(one) for one in answer.each("jobs")] if answer.members.get("jobs") else []

    async def create_audience(self, description: str, upload_description: str, user_ids: Sequence[str]) -> int:
        body = {"description": description, "uploadDescription": upload_description, "audiences": _ids(user_ids)}
        return await self._create(post(_UPLOAD, body))

    async def add_to_audience(self, audience_id: int, upload_description: str, user_ids: Sequence[str]) -> None:
        body = {
            "audienceGroupId": audience_id,
            "uploadDescription": upload_description,
            "audiences": _ids(user_ids),
        }
        with _missing_is_not_found():
            await self._calls.once(_patient(put(_UPLOAD, body)))

    async def create_click_audience(self, description: str, request_id: str, url: str = "") -> int:
        body = {"description": description, "requestId": request_id, **({"clickUrl": url} if url else {})}
        return await self._create(post(f"{_AUDIENCES}/click", body))

    async def create_impression_audience(self, description: str, request_id: str) -> int:
        return await self._create(post(f"{_AUDIENCES}/imp", {"description": description, "requestId": request_id}))

    async def rename_audience(self, audience_id: int, description: str) -> None:
        with _missing_is_not_found():
            await self._calls.once(put(f"{_AUDIENCES}/{audience_id:d}/updateDescription", {"description": description}))

    async def delete_audience(self, audience_id: int) -> None:
        with _missing_is_not_found():
            await self._calls.delete(f"{_AUDIENCES}/{audience_id:d}")

    async def _create(self, request: Request) -> int:
        return JsonObject.read(request, await self._calls.once(_patient(request))).number("audienceGroupId")


def _ids(user_ids: Sequence[str]) -> list[dict[str, str]]:
    if len(user_ids) > limits.AUDIENCE_JSON_IDS:
        raise ValueError(f"one call takes {limits.AUDIENCE_JSON_IDS} ids at most, not {len(user_ids)}")
    return [{"id": user_id} for user_id in user_ids]


def _patient(request: Request) -> Request:
    return replace(request, at_least_seconds=UPLOAD_SECONDS)


@contextmanager
def _missing_is_not_found() -> Iterator[None]:
    """LINE answers 400, never 404, where an audience is not there; the reason's code is all that tells it apart."""
    try:
        yield
    except Refused as refused:
        if errors.AUDIENCE_NOT_FOUND not in refused.details.splitlines():
            raise
        raise NotFound(
            refused.message, status=refused.status, request_id=refused.request_id, details=refused.details
        ) from refused


def _audience(one: JsonObject) -> LiveAudience:
    return LiveAudience(
        id=one.number("audienceGroupId"),
        description=one.optional_text("description"),
        type=one.optional_text("type"),
        status=_word(AudienceStatus, one.optional_text("status")),
        count=one.optional_number("audienceCount"),
        created=_moment(one.optional_number("created")),
        writable=one.optional_text("permission") == "READ_WRITE",
        expires=_moment(one.optional_number("expireTimestamp")),
        request_id=one.optional_text("requestId"),
        click_url=one.optional_text("clickUrl"),
    )


def _job(one: JsonObject) -> AudienceJob:
    return AudienceJob(
        id=one.number("audienceGroupJobId"),
        description=one.optional_text("description"),
        status=_word(JobStatus, one.optional_text("jobStatus")),
        count=one.optional_number("audienceCount"),
    )


def _word(words: type[Word], text: str) -> Word:
    """LINE adds words without notice: one that is not known is `OTHER`."""
    return words(text) if text in words.__members__ else words("")


def _moment(seconds: int) -> datetime | None:
    """UNIX time in seconds, as all of LINE's audiences have it; 0 where it was not told."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
