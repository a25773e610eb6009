"""LINE's own demographic filter: what it can express, and its JSON in a narrowcast.

https://developers.line.biz/en/reference/messaging-api/#narrowcast-demographic-filter
"""

from __future__ import annotations

from typing import Any

from lineform.lineapi.demographics import AGES, AREAS, FRIEND_FOR_DAYS
from lineform.model.audience import Demographic
from lineform.model.origin import Path
from lineform.model.problem import did_you_mean
from lineform.segments.finding import Finding


def demographic_filter(demographic: Demographic) -> dict[str, Any]:
    """The ``filter`` of a narrowcast's body: all of the conditions hold."""
    parts: list[dict[str, Any]] = [
        {"type": kind, "oneOf": list(words)}
        for kind, words in (
            ("gender", demographic.gender),
            ("appType", demographic.app),
            ("area", demographic.area),
        )
        if words is not None
    ]
    if demographic.age is not None:
        parts.append({"type": "age"} | _range(demographic.age, "age"))
    if demographic.friend_for is not None:
        parts.append({"type": "subscriptionPeriod"} | _range(demographic.friend_for, "day"))
    return {"demographic": parts[0] if len(parts) == 1 else {"type": "operator", "and": parts}}


def check_demographic(demographic: Demographic, path: Path = ()) -> list[Finding]:
    """Values that LINE's filter does not know."""
    findings: list[Finding] = []
    for index, area in enumerate(demographic.area or ()):
        if area not in AREAS:
            hint = did_you_mean(area, AREAS) or "areas are jp_01 to jp_47, tw_01, th_01, id_01 and so on"
            findings.append(Finding((*path, "area", index), "E308", f"LINE knows no area '{area}'", hint))
    findings += _check_range(demographic.age, AGES, "years", (*path, "age"))
    findings += _check_range(demographic.friend_for, FRIEND_FOR_DAYS, "days", (*path, "friend_for"))
    return findings


def _range(bounds: dict[Any, int], unit: str) -> dict[str, str]:
    return {theirs: f"{unit}_{bounds[ours]}" for ours, theirs in (("from", "gte"), ("until", "lt")) if ours in bounds}


def _check_range(bounds: dict[Any, int] | None, steps: tuple[int, ...], unit: str, path: Path) -> list[Finding]:
    if bounds is None:
        return []
    if not bounds:
        return [Finding(path, "E308", "is empty", "give it a 'from', an 'until', or both")]
    findings = [
        Finding((*path, word), "E308", f"LINE cannot select by {value} {unit}", f"use one of {_listed(steps)}")
        for word, value in bounds.items()
        if value not in steps
    ]
    if not findings and len(bounds) == 2 and bounds["from"] >= bounds["until"]:
        message = f"nobody is from {bounds['from']} and until {bounds['until']} {unit}: 'until' is not included"
        findings.append(Finding(path, "E310", message, "write the smaller one as 'from'"))
    return findings


def _listed(steps: tuple[int, ...]) -> str:
    return ", ".join(map(str, steps))
