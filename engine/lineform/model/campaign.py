"""``kind: campaign``: a message, to whom, and when."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from lineform.model.audience import Audience
from lineform.model.base import Spec
from lineform.model.schedule import Schedule

Capped = Literal["skip", "wait", "send"]


def _audience(value: Any) -> Any:
    return {"everyone": True} if value == "everyone" else value


class CampaignSpec(Spec):
    """One reviewed send, or a recurring one."""

    SEND_TIME: ClassVar[tuple[str, ...]] = ("messages",)

    kind: Literal["campaign"]
    audience: Annotated[Audience, BeforeValidator(_audience)]
    """Who receives it: the word `everyone`, or a mapping."""
    schedule: Schedule
    messages: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=5, strict=False)]
    """One to five messages, in LINE's own form or the short one; see `lineform.lineapi`."""
    skip_if_unknown: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Attributes without which a friend does not receive this: those are skipped instead of failing the send."""
    capped: Capped = "skip"
    """What happens to friends over `limits.per_friend`: left out, sent to when they are free and it is not too late
    (`schedule.if_late`), or sent to all the same."""
    quiet_hours: Literal["wait", "send"] = "wait"
    """Whether `limits.quiet` holds for this campaign."""
    silent: bool = False
    """Delivered without a notification sound."""
    allow_test_word: bool = False
    """Whether テスト is meant in these texts, as a school means it. Elsewhere on a production account it is refused."""
    enabled: bool = True
    """A disabled campaign is checked and planned but never armed."""
