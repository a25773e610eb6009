"""Steps of a scenario that are due before a step that always comes before them.

Such a step is not sent earlier: it goes out in the same moment as the one before it, and its own time means nothing.
Two times are compared at many beginnings, by what decides when a step is due; only where one comes first at all of
them, something is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from lineform.loading.spoken import turns
from lineform.loading.validation import FieldProblem
from lineform.model.origin import Path, dotted
from lineform.model.scenario import END, ScenarioSpec, Step
from lineform.scenarios.timing import moment_after, span_of

_ZONE: Final = ZoneInfo("UTC")
_FIRST_DAY: Final = datetime(2027, 12, 25, tzinfo=UTC)
_DAYS: Final = 400
"""All weekdays and ends of months, a 29 February among them."""
_MINUTE: Final = timedelta(minutes=1)
_SHIFT: Final = timedelta(hours=2)
"""More than clocks are put forward or back: what is counted in hours moves by it against what is counted in days."""


@dataclass(frozen=True, slots=True)
class _Timing:
    """When a step is due, counted from a moment that `counts_from` names."""

    counts_from: tuple[str, str]
    length: str
    sign: int
    at: time | None
    on: tuple[str, ...]

    @property
    def by_clock(self) -> bool:
        """Whether hours are counted, and neither days nor months of a calendar."""
        return self.at is None and not self.on and span_of(self.length).unit not in {"mo", "y"}

    def after(self, start: datetime) -> datetime:
        return moment_after(start, span_of(self.length), _ZONE, at=self.at, on=self.on, sign=self.sign)


def order_problems(spec: ScenarioSpec) -> Iterator[FieldProblem]:
    """The first step of a way that is due before another one on it, each with both ids."""
    told: set[int] = set()
    for index, before in _always_before(spec).items():
        step = spec.steps[index]
        timing = _timing(step)
        if timing is None or _at_once(step):
            continue
        for place in sorted(before - told, reverse=True):
            other = _timing(spec.steps[place])
            if other is not None and other.counts_from == timing.counts_from and _always_earlier(timing, other):
                told.add(place)
                path: Path = ("steps", index, _written(step))
                earlier = spec.steps[place].id
                message = f"{dotted(path)}: '{step.id}' is due before '{earlier}', after which it comes"
                hint = "put the steps in the order of their times"
                if timing.sign > 0:
                    hint += ", or write 'from: previous' where it counts from the step before"
                yield FieldProblem(path, "E345", message, hint)
                break


def _always_before(spec: ScenarioSpec) -> Mapping[int, frozenset[int]]:
    """For each step that can be reached, the steps through which every way to it leads."""
    places = {step.id: index for index, step in enumerate(spec.steps)}
    before: dict[int, frozenset[int]] = {0: frozenset()}
    for index, step in enumerate(spec.steps):
        if index not in before:
            continue
        here = before[index] | {index}
        for goto in [turn.goto for turn, _ in turns(step, ())] or [step.goto]:
            place = index + 1 if goto is None else len(spec.steps) if goto == END else places.get(goto, -1)
            if index < place < len(spec.steps):
                before[place] = before.get(place, here) & here
    return before


def _timing(step: Step) -> _Timing | None:
    """None where it counts from the step before, whose moment nobody knows."""
    at = None if step.at is None else time.fromisoformat(step.at)
    on = tuple(step.on or ())
    if step.before is not None:
        counts_from = (step.before.attribute or "", step.before.field or "")
        return _Timing(counts_from, step.before.by, -1, at, on)
    return None if step.from_ == "previous" else _Timing(("", ""), step.after, 1, at, on)


def _at_once(step: Step) -> bool:
    """A step without a time follows the one before it, and is meant so."""
    return step.before is None and span_of(step.after).count == 0 and step.at is None and step.on is None


def _written(step: Step) -> str:
    if step.before is not None:
        return "before"
    return "after" if "after" in step.model_fields_set else "at" if step.at is not None else "on"


@lru_cache(maxsize=1_024)
def _always_earlier(one: _Timing, other: _Timing) -> bool:
    margin = timedelta() if one.by_clock == other.by_clock else _SHIFT
    return all(other.after(start) - one.after(start) > margin for start in _beginnings(one.at, other.at))


def _beginnings(*times: time | None) -> Iterator[datetime]:
    """Moments at which a scenario may begin: at, just before and just after the times of day that matter, every day."""
    midnight = timedelta()
    walls = [timedelta(hours=at.hour, minutes=at.minute) for at in times if at is not None]
    offsets = sorted(
        {midnight, timedelta(hours=12), *(wall + by for wall in walls for by in (-_MINUTE, midnight, _MINUTE))}
    )
    for day in range(_DAYS):
        for offset in offsets:
            yield _FIRST_DAY + timedelta(days=day) + offset
