"""What is wrong with a schedule beyond its form."""

from __future__ import annotations

from lineform.loading.validation import FieldProblem
from lineform.model.schedule import Schedule
from lineform.sending.cron import check_cron


def schedule_problems(schedule: Schedule) -> list[FieldProblem]:
    """A rule that cannot be read, and days in the wrong order."""
    out = []
    if schedule.cron is not None and (reason := check_cron(schedule.cron)) is not None:
        out.append(FieldProblem(("schedule", "cron"), "E112", f"schedule.cron {reason}"))
    if schedule.starts is not None and schedule.ends is not None and schedule.ends < schedule.starts:
        out.append(FieldProblem(("schedule", "ends"), "E113", "schedule.ends lies before schedule.starts"))
    return out
