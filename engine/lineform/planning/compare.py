"""Whether an approved plan still says what would happen: judged by object, so that a crashed apply can be resumed.

An object is as approved if the account still shows its `before` or already shows its `after`, and the workspace still
asks for that `after`. Everything that the plan does not speak of may have moved; only new work that nobody approved
stops it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lineform.errors import StaleError
from lineform.planning.change import NEVER, Change
from lineform.planning.plan import ClientPlan


@dataclass(frozen=True, slots=True)
class Comparison:
    """`moved` says in words what differs, empty where the plan may be applied; `applied` that nothing is left to do."""

    moved: tuple[str, ...]
    applied: bool

    def error(self, client: str) -> StaleError | None:
        if not self.moved:
            return None
        text = "\n".join(f"  {line}" for line in self.moved)
        return StaleError(
            f"{client}: the approved plan no longer describes what would happen:\n{text}",
            hint="plan again and have the new plan approved",
        )


def compare(saved: ClientPlan, fresh: ClientPlan) -> Comparison:
    """A plan that was approved against the one that would be made now."""
    if saved.bot != fresh.bot:
        return Comparison((f"the plan was made for the bot {saved.bot}, this is {fresh.bot}",), applied=False)
    approved = {change.address: change for change in saved.changes if change.approved_with_plan}
    wanted = {change.address: change for change in fresh.changes if change.approved_with_plan}
    moved = []
    for address, change in wanted.items():
        moved += _judge_fresh(approved.get(address), change)
    for address in approved.keys() - wanted.keys():
        moved += _judge_missing(approved[address], fresh.settled.get(address))
    return Comparison(tuple(sorted(moved)), applied=not wanted and not moved)


def _judge_fresh(approved: Change | None, change: Change) -> list[str]:
    what = f"{change.action} {change.address}"
    if approved is None:
        return [f"{what} is new: {change.reason}"]
    if change.after != approved.after:
        return [f"{what}: approved was {_words(approved.after)}, now {_words(change.after)} is declared"]
    for side, value in change.before.items():
        if value not in (approved.before.get(side, ""), approved.after.get(side, "")):
            was = _word(approved.before.get(side, ""))
            return [f"{what}: on the account, {side} was {was} when this was approved and is {_word(value)} now"]
    if approved.goes is not None and change.goes != approved.goes:
        why = "; its time is over, or it was sent already" if change.goes == NEVER else ""
        return [f"{what}: approved was that it goes {approved.goes}, and applied now it goes {change.goes}{why}"]
    return []


def _judge_missing(approved: Change, settled: Mapping[str, str] | None) -> list[str]:
    done = settled == approved.after if settled is not None else not any(approved.after.values())
    if done:
        return []
    now = _words(settled) if settled is not None else "not declared"
    what = f"{approved.action} {approved.address}"
    return [f"{what} would not happen: approved was {_words(approved.after)}, now it is {now}"]


def _words(state: Mapping[str, str]) -> str:
    named = ", ".join(f"{side} {_word(value)}" for side, value in sorted(state.items()) if value)
    return named or "nothing"


def _word(value: str) -> str:
    return value[:12] if value else "nothing"
