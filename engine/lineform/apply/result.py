"""What became of each step, and of the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lineform.errors import LineformError
from lineform.planning.plan import ClientPlan
from lineform.planning.steps import Step


class Outcome(StrEnum):
    """What became of one step."""

    STARTED = "started"
    DONE = "done"
    ALREADY = "already"
    """It was so already: an earlier call had done it."""
    SKIPPED = "skipped"
    """Not done, because it would have taken a menu from somebody; a later apply does it."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step; `detail` is a menu's id, or why it failed."""

    step: Step
    outcome: Outcome
    at: datetime
    detail: str = ""


OnStep = Callable[[StepResult], None]
"""Hears of every step twice: when it starts, and what became of it."""


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """`steps` holds those that were walked; `plan` is the one that was made and walked under the lock."""

    client: str
    plan: ClientPlan
    steps: tuple[StepResult, ...]
    already_applied: bool = False

    @property
    def complete(self) -> bool:
        """Whether nothing of the plan is left for another run."""
        walked = [step for step in self.steps if step.outcome is not Outcome.FAILED]
        return len(walked) == len(self.plan.steps)


class ApplyStopped(LineformError):
    """Ended on the way: `result` says how far it came. The exit code is its cause's; running it again goes on."""

    def __init__(self, cause: LineformError, result: ApplyResult) -> None:
        super().__init__(cause.message, hint=cause.hint, code=cause.code)
        self.exit_code = cause.exit_code
        self.result = result
