"""What is wrong with a schedule beyond its form."""

from __future__ import annotations

from collections.abc import Iterator

from lineform.loading.validation import FieldProblem
from lineform.model.origin import Path
from lineform.model.schedule import Schedule
from lineform.sending.cron import check_cron, times_an_hour


def schedule_problems(schedule: Schedule) -> list[FieldProblem]:
    """A rule that cannot be read or sends again and again within an hour, and days in the wrong order."""
    out = [] if schedule.cron is None else list(_cron_problems(schedule.cron))
    if schedule.starts is not None and schedule.ends is not None and schedule.ends < schedule.starts:
        out.append(FieldProblem(("schedule", "ends"), "E113", "schedule.ends lies before schedule.starts"))
    return out


def _cron_problems(cron: str) -> Iterator[FieldProblem]:
    path: Path = ("schedule", "cron")
    if (reason := check_cron(cron)) is not None:
        yield FieldProblem(path, "E112", f"schedule.cron {reason}")
    elif (times := times_an_hour(cron)) > 1:
        # "* 10 * * *" was meant as "at ten", and sends the same text sixty times.
        once = " ".join(["0", *cron.split()[1:]])
        hint = (
            f"the first field is the minute: write '{once}'; what follows upon something that a friend does is a "
            "scenario or a reply"
        )
        yield FieldProblem(path, "E120", f"schedule.cron: '{cron}' comes due {times} times within an hour", hint)
