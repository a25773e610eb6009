"""An armed scenario: one complete JSON body, made from what was declared, and read back where it is lived through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lineform.errors import StaleError
from lineform.model.scenario import END
from lineform.scenarios.happening import What
from lineform.scenarios.pattern import Pattern, pattern_from_wire
from lineform.scenarios.timing import Span, span_of
from lineform.segments.predicate import Predicate
from lineform.segments.wire import from_wire
from lineform.sending.due import instant
from lineform.sending.given import Given, read_given

FORMAT = 1
VERSION_DIGITS = 16
"""Of a revision's digest, as much as a course keeps of it: ten million of them are kept."""
PLAIN = (
    *("per", "excluded", "reentry", "enroll", "in_flight", "priority", "capped", "quiet_hours", "backfill", "silent"),
    "skip_if_unknown",
)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Way:
    """What is done, and the id of the step that comes next: `END`, or empty for the next one in the file."""

    actions: tuple[Mapping[str, Any], ...] = ()
    goto: str = ""


@dataclass(frozen=True, slots=True)
class BeforeSpan:
    """So long before the anchor, or before the date in an attribute or in a field of the beginning's event."""

    span: Span
    attribute: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a step waits for, how long, and the ways on."""

    patterns: tuple[Pattern, ...]
    within: timedelta
    met: Way
    missed: Way


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One step as it is armed."""

    id: str
    after: Span
    before: BeforeSpan | None
    from_previous: bool
    at: time | None
    on: tuple[str, ...]
    condition: Predicate | None
    way: Way
    """What is done in any case, and where it goes on where nothing else says so."""
    arms: tuple[tuple[Predicate | None, Way], ...] = ()
    """The ways of a branch, the last one for everybody else."""
    wait: Waiting | None = None
    valid_until: datetime | Span | None = None
    promised_until: datetime | None = None
    """When what its messages promise, such as a coupon, is worth nothing any more."""

    @property
    def sends(self) -> bool:
        """Whether it may send anything at its time."""
        ways = [self.way, *(way for _, way in self.arms)]
        return any(is_said(action) for way in ways for action in way.actions)


def is_said(action: Mapping[str, Any]) -> bool:
    """Whether an action says something to the friend: messages, or the first question of a form."""
    return "send" in action or "form" in action


@dataclass(frozen=True, slots=True)
class FollowRule:
    """What happens where somebody follows again."""

    on_unblock: str
    cooldown: timedelta


@dataclass(frozen=True, slots=True)
class Late:
    """For how long messages may be late, and what becomes of later ones: ``skip`` or ``hold``. None: for ever."""

    within: timedelta | None
    otherwise: str


@dataclass(frozen=True, slots=True)
class Script:
    """An armed scenario."""

    name: str
    digest: str
    since: datetime
    """Since when it has been armed without a gap."""
    zone: ZoneInfo
    triggers: tuple[Pattern, ...]
    follow: FollowRule | None
    date: str
    """The attribute whose date begins it; empty where none does."""
    yearly: bool
    segment: Predicate | None
    """The segment that begins it, looked at every `check`."""
    check: timedelta
    existing: Predicate | None
    """For whom it is true already that it begins; None where nobody knows, or nobody is asked."""
    may_enter: Predicate | None
    not_excluded: Predicate | None
    """True of friends of whom it is known that no exclusion holds."""
    goal: tuple[Pattern, ...]
    exits: tuple[Pattern, ...]
    steps: tuple[ScriptStep, ...]
    context: Mapping[str, Any]
    late: Late
    given: Given = field(default_factory=Given)
    """The links and items that its messages read."""
    per: str = ""
    excluded: str = "leave"
    reentry: str = "never"
    reentry_after: timedelta = timedelta()
    enroll: str = "new"
    in_flight: str = "keep"
    priority: int = 50
    capped: str = "wait"
    quiet_hours: str = "wait"
    backfill: bool = False
    silent: bool = False
    skip_if_unknown: tuple[str, ...] = ()
    production: bool = True
    places: Mapping[str, int] = field(default_factory=dict, compare=False)

    @property
    def version(self) -> str:
        """By which friends' courses name this revision."""
        return self.digest[:VERSION_DIGITS]

    @property
    def address(self) -> str:
        return f"scenario.{self.name}"

    def step(self, step_id: str) -> ScriptStep | None:
        """The step of this id; None where there is none."""
        place = self.places.get(step_id)
        return None if place is None else self.steps[place]

    def following(self, step: ScriptStep, way: Way) -> ScriptStep | None:
        """The step that comes after this way out of a step; None at the end."""
        target = way.goto or step.way.goto
        if target == END:
            return None
        if target:
            return self.step(target)
        place = self.places[step.id] + 1
        return self.steps[place] if place < len(self.steps) else None

    @property
    def watched(self) -> frozenset[tuple[What, str]]:
        """Kinds and names of everything that may make a difference; an empty name stands for all of the kind."""
        found = {pattern.watches for pattern in (*self.triggers, *self.goal, *self.exits)}
        for step in self.steps:
            if step.wait is not None:
                found |= {pattern.watches for pattern in step.wait.patterns}
            if step.before is not None and step.before.attribute:
                found.add((What.ATTRIBUTE, step.before.attribute))
        if self.date:
            found.add((What.ATTRIBUTE, self.date))
        if any(what is What.ROUTE for what, _ in found):
            found.add((What.FOLLOW, ""))
        return frozenset(found)


def read_script(address: str, digest: str, body: Mapping[str, Any], since: datetime = _EVER) -> Script:
    """The scenario in a revision's body. Raises StaleError where another version of lineform armed it otherwise."""
    if body.get("format") != FORMAT:
        raise StaleError(
            f"{address} was armed in format {body.get('format')!r}, and this version reads {FORMAT}",
            hint="run 'lineform apply' with this version, which arms it again",
        )
    zone = ZoneInfo(body["timezone"])
    follow, dated, segment, late = body.get("follow"), body.get("date"), body.get("segment"), body["late"]
    steps = tuple(_read_step(one, zone) for one in body["steps"])
    exclude = body["exclude"]
    return Script(
        name=address.partition(".")[2],
        digest=digest,
        since=since,
        zone=zone,
        triggers=_read_patterns(body["triggers"]),
        follow=None if follow is None else FollowRule(follow["on_unblock"], timedelta(seconds=follow["cooldown"])),
        date="" if dated is None else dated["attribute"],
        yearly=dated is not None and dated["yearly"],
        segment=None if segment is None else from_wire(segment["predicate"]),
        check=timedelta(seconds=segment["check"]) if segment else timedelta(),
        existing=_read_predicate(body["existing"]),
        may_enter=_read_predicate(body["if"]),
        not_excluded=_read_predicate(exclude),
        goal=_read_patterns(body["goal"]),
        exits=_read_patterns(body["exits"]),
        steps=steps,
        context=body["context"],
        given=read_given(body),
        late=Late(None if late["within"] is None else timedelta(seconds=late["within"]), late["otherwise"]),
        reentry_after=timedelta(seconds=body["reentry_after"]),
        production=body["production"],
        places={step.id: place for place, step in enumerate(steps)},
        **{
            **{name: body[name] for name in PLAIN},
            "skip_if_unknown": tuple(body["skip_if_unknown"]),
            "per": body["per"] or "",
        },
    )


def _read_predicate(data: Any) -> Predicate | None:
    return None if data is None else from_wire(data)


def _read_patterns(data: Sequence[Mapping[str, Any]]) -> tuple[Pattern, ...]:
    return tuple(pattern_from_wire(one) for one in data)


def _read_way(data: Mapping[str, Any]) -> Way:
    return Way(tuple(data["actions"]), data["goto"])


def _read_step(data: Mapping[str, Any], zone: ZoneInfo) -> ScriptStep:
    before, wait, until = data.get("before"), data.get("wait"), data.get("valid_until")
    return ScriptStep(
        id=data["id"],
        after=span_of(data["after"]),
        before=None
        if before is None
        else BeforeSpan(span_of(before["by"]), before.get("attribute", ""), before.get("field", "")),
        from_previous=data["from"] == "previous",
        at=None if "at" not in data else time.fromisoformat(data["at"]),
        on=tuple(data.get("on", ())),
        condition=_read_predicate(data.get("if")),
        way=_read_way(data),
        arms=tuple((_read_predicate(arm["if"]), _read_way(arm)) for arm in data.get("arms", ())),
        wait=None
        if wait is None
        else Waiting(
            _read_patterns(wait["for"]),
            timedelta(seconds=wait["within"]),
            _read_way(wait["met"]),
            _read_way(wait["missed"]),
        ),
        valid_until=None if until is None else _read_until(until, zone),
        promised_until=None if "promised_until" not in data else datetime.fromisoformat(data["promised_until"]),
    )


def _read_until(written: str, zone: ZoneInfo) -> datetime | Span:
    return instant(datetime.fromisoformat(written), zone) if "T" in written else span_of(written)
