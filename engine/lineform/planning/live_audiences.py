"""Audiences as the LINE account shows them: https://developers.line.biz/en/reference/messaging-api/#get-audience-group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AudienceStatus(StrEnum):
    """Only a ready audience can be sent to. `OTHER` is what LINE may add some day."""

    IN_PROGRESS = "IN_PROGRESS"
    READY = "READY"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    INACTIVE = "INACTIVE"
    ACTIVATING = "ACTIVATING"
    OTHER = ""


class JobStatus(StrEnum):
    """An upload that is queued or worked on may still fail; `OTHER` is what LINE may add some day."""

    QUEUED = "QUEUED"
    WORKING = "WORKING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    OTHER = ""


@dataclass(frozen=True, slots=True)
class LiveAudience:
    """One audience of the account, whoever made it.

    `count` is what LINE tells, which is less than was uploaded where people have not accepted its privacy policy, and 0
    for small audiences that LINE put together. `created` and `expires` are None where LINE tells none.
    """

    id: int
    description: str
    type: str
    """UPLOAD, CLICK, IMP, or one of those that only consoles make."""
    status: AudienceStatus
    count: int
    created: datetime | None
    writable: bool
    """Whether this channel made it, and so may change it."""
    expires: datetime | None = None
    request_id: str = ""
    """Of the send that a click or impression audience was made from."""
    click_url: str = ""
    uploads_failed: bool = False
    """One of its uploads failed at LINE; looked at for our own audiences only."""


@dataclass(frozen=True, slots=True)
class AudienceJob:
    """One upload to an audience. `description` is what the uploader wrote; `count` is how many it added."""

    id: int
    description: str
    status: JobStatus
    count: int
