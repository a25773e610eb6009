"""What a number of events, or what they add up to, is compared with: plain bounds, the same for every reader."""

from __future__ import annotations

from typing import NamedTuple

from lineform.segments.predicate import Count, Edge, Sum

_HALF = 0.00005
"""Half of the last decimal that sums are compared to. No amount that people write lies on a bound that is moved by it,
so that it does not matter in which order a database adds."""


class Between(NamedTuple):
    """Neither bound is included; None where there is none."""

    low: float | None
    high: float | None

    def holds(self, value: float) -> bool:
        return (self.low is None or value > self.low) and (self.high is None or value < self.high)


def bounds(measure: Count | Sum) -> Between:
    """What the number has to lie between."""
    step = 0.5 if isinstance(measure, Count) else _HALF
    low, high = measure.operands[0], measure.operands[-1]
    match measure.comparison:
        case "is" | "between":
            return Between(low - step, high + step)
        case "at_least":
            return Between(low - step, None)
        case "above":
            return Between(low + step, None)
        case "below":
            return Between(None, low - step)
        case "at_most":
            return Between(None, low + step)
        case other:
            raise ValueError(f"'{other}' compares no numbers")


def of_nothing(measure: Count | Sum | Edge) -> bool:
    """Whether the measure holds for somebody to whom nothing happened."""
    return not isinstance(measure, Edge) and bounds(measure).holds(0)
