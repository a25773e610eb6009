"""LINE's rules about audiences, in memory: append only, jobs that end later, 180 days of life.

https://developers.line.biz/en/reference/messaging-api/#manage-audience-group
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from lineform.planning.live_audiences import AudienceJob, AudienceStatus, JobStatus, LiveAudience
from lineform.ports.line_account import NotFound, Refused

START = datetime(2026, 11, 22, tzinfo=UTC)
LIFE = timedelta(days=180)


@dataclass(slots=True)
class FakeAudiences:
    """`finish` is what time does: jobs end, and whoever has members is ready."""

    now: datetime = START
    shown: dict[int, LiveAudience] = field(default_factory=dict)
    members: dict[int, set[str]] = field(default_factory=dict)
    jobs: dict[int, list[AudienceJob]] = field(default_factory=dict)
    _pending: dict[int, set[str]] = field(default_factory=dict)
    _made: int = 0

    def every(self) -> Sequence[LiveAudience]:
        return list(reversed(self.shown.values()))

    def jobs_of(self, audience: int) -> Sequence[AudienceJob]:
        self._need(audience)
        return list(reversed(self.jobs[audience]))

    def upload(self, description: str, upload_description: str, user_ids: Sequence[str]) -> int:
        number = self._make("UPLOAD", description)
        if user_ids:
            self.add(number, upload_description, user_ids)
        return number

    def add(self, audience: int, upload_description: str, user_ids: Sequence[str]) -> None:
        found = self._need(audience)
        if found.type != "UPLOAD" or found.status is AudienceStatus.EXPIRED:
            raise Refused("the audience takes no ids", status=400)
        self._pending[audience] |= set(user_ids)
        number = len(self.jobs[audience]) + 1
        self.jobs[audience].append(AudienceJob(number, upload_description, JobStatus.QUEUED, 0))

    def derive(self, kind: str, description: str, request_id: str, url: str) -> int:
        made_from = (kind, request_id, url)
        if any((one.type, one.request_id, one.click_url) == made_from for one in self.shown.values()):
            raise Refused("there is one already", status=400, details="AUDIENCE_GROUP_REQUESTID_DUPLICATE")
        number = self._make(kind, description)
        self.shown[number] = replace(self.shown[number], request_id=request_id, click_url=url)
        return number

    def rename(self, audience: int, description: str) -> None:
        self.shown[audience] = replace(self._need(audience), description=description)

    def delete(self, audience: int) -> None:
        self._need(audience)
        for book in (self.shown, self.members, self.jobs, self._pending):
            del book[audience]

    def finish(self) -> None:
        """Every job ends well."""
        for number, found in self.shown.items():
            self.members[number] |= self._pending[number]
            self._pending[number] = set()
            self.jobs[number] = [replace(job, status=JobStatus.FINISHED) for job in self.jobs[number]]
            if found.status is AudienceStatus.IN_PROGRESS and (self.members[number] or found.type != "UPLOAD"):
                count = len(self.members[number])
                self.shown[number] = replace(found, status=AudienceStatus.READY, count=count)

    def _make(self, kind: str, description: str) -> int:
        if not description.strip() or len(description) > 120:
            raise Refused("the description is wrong", status=400)
        self._made += 1
        number = 1_000_000_000_000 + self._made
        self.shown[number] = LiveAudience(
            number, description, kind, AudienceStatus.IN_PROGRESS, 0, self.now, writable=True, expires=self.now + LIFE
        )
        self.members[number], self.jobs[number], self._pending[number] = set(), [], set()
        return number

    def _need(self, audience: int) -> LiveAudience:
        if audience not in self.shown:
            raise NotFound("audience group not found", status=400, details="AUDIENCE_GROUP_NOT_FOUND")
        return self.shown[audience]
