"""``kind: campaign``: a message, to whom, and when."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from lineform.model.actions import ForAll, Track
from lineform.model.audience import Audience
from lineform.model.base import ArmedSpec, Duration, Part
from lineform.model.schedule import Schedule

Capped = Literal["skip", "wait", "send"]


class Wave(Part):
    """One part of a rollout."""

    percent: Annotated[int, Field(ge=1, le=100)]
    """How much of the audience has been sent to when this part is over."""
    wait: Duration | None = None
    """How long nothing may go wrong before the next part."""


def _waves(value: tuple[Wave, ...]) -> tuple[Wave, ...]:
    percents = [wave.percent for wave in value]
    if value and (percents[-1] != 100 or percents != sorted(set(percents))):
        raise ValueError("must rise from part to part up to percent: 100")
    if any((wave.wait is None) != (wave is value[-1]) for wave in value):
        raise ValueError("needs a wait in every part but the last")
    return value


def _audience(value: Any) -> Any:
    return {"everyone": True} if value == "everyone" else value


class CampaignSpec(ArmedSpec):
    """One reviewed send, or a recurring one."""

    SEND_TIME: ClassVar[tuple[str, ...]] = ("messages",)

    kind: Literal["campaign"]
    audience: Annotated[Audience, BeforeValidator(_audience)]
    """Who receives it: the word `everyone`, or a mapping."""
    schedule: Schedule
    messages: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=5, strict=False)]
    """One to five messages, in LINE's own form or the short one; see `lineform.lineapi`."""
    do: ForAll | None = None
    """What is done for everybody whose message LINE took, such as `{menu: sale}` or `{tag: invited}`: once for each
    send, and for nobody whom a limit, a refusal or a block left out. For friends who are chosen one by one."""
    skip_if_unknown: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Attributes without which a friend does not receive this: those are skipped instead of failing the send."""
    capped: Capped = "skip"
    """What happens to friends over `limits.per_friend`: left out, sent to when they are free and it is not too late
    (`schedule.if_late`), or sent to all the same."""
    quiet_hours: Literal["wait", "send"] = "wait"
    """Whether `limits.quiet` holds for this campaign."""
    rollout: Annotated[tuple[Wave, ...], Field(strict=False, max_length=10), AfterValidator(_waves)] = ()
    """In parts: a few friends first, the others after a wait, unless something went wrong."""
    allow_almost_everyone: bool = False
    """Whether a condition may choose nearly all friends, although neither `everyone` nor `expect.max` is written."""
    track: Track | None = None
    """Whether taps on declared links are recorded: who tapped (every friend then reads an address of their own, so
    that each is pushed to), or only how often this message's links were tapped."""
    silent: bool = False
    """Delivered without a notification sound."""
    allow_test_word: bool = False
    """Whether テスト is meant in these texts, as a school means it. Elsewhere on a production account it is refused."""
