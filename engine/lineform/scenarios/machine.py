"""A scenario as a machine: where a friend stands × what happened, or what time it is → where they stand then, and what
follows.

Nothing here reads a clock or a store. A step is marked once for a beginning, as done or with the reason why it was not;
steps come in their order, and their times are counted from the beginning, so that nothing drifts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from lineform.scenarios.courses import ended, onwards
from lineform.scenarios.doing import Decided, effects_of
from lineform.scenarios.effect import Ask, Effect, Say
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.happening import Happening
from lineform.scenarios.missed import Ahead
from lineform.scenarios.pattern import any_fits
from lineform.scenarios.script import Script, ScriptStep, Waiting, Way, is_said
from lineform.scenarios.steps import chosen, due_of, holds, past, worth_until
from lineform.segments.declared import Declared
from lineform.segments.friend import Friend
from lineform.sending.late import ON_TIME
from lineform.sending.quiet import Quiet

LONGEST_WAIT = timedelta(days=7)
"""How long messages wait for a friend to be free of the limits: a weekly limit has let everybody go by then."""
DONE, SENT = "done", "sent"
"""Marks of a step that was done, without and with messages."""
MET, MISSED = "met", "missed"
"""How a wait ended: it happened, or it did not happen in time."""
EXCLUDED = "an exclusion holds"
"""Why nothing was done."""
UNKNOWN_DATE = "its date is not known"
"""Why a step waits, or was skipped, that lies before a date which nobody told."""
_NEXT = Way()
"""The way on from a step at which nothing was chosen."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a friend stands now, and what follows from it."""

    enrolment: Enrolment
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is decided, and what holds then."""

    now: datetime
    quiet: Quiet | None = None
    """The client's quiet hours."""
    free_at: datetime | None = None
    """Until when the limits about single friends keep messages from this friend; None where they are free."""
    paid_at: datetime | None = None
    """When it is asked again whether the month's budget allows messages; None where it does. It holds for everybody,
    whatever a scenario's rule about limits."""
    unpaid: str = ""
    """Which guard does not allow them, and why."""
    answer: bool = False
    """Whether messages answer what the friend just did: those are never late, and no limit holds."""
    words: Declared = field(default_factory=Declared)
    """What the account has declared: of some tags a friend has one at a time."""


def advance(script: Script, enrolment: Enrolment, friend: Friend, moment: Moment) -> Moved:
    """Does the one step that is due, waits, or leaves. Where it waits, `due` lies after `moment.now`.

    Raises ValueError where nothing is due.
    """
    now = moment.now
    if enrolment.state is not State.ACTIVE or enrolment.due is None or enrolment.due > now:
        raise ValueError("nothing is due")
    step = script.step(enrolment.step)
    if step is None:
        return Moved(enrolment.over(State.STOPPED, f"there is no step '{enrolment.step}' any more"))
    if step.wait is not None and (enrolment.waiting is not None or enrolment.turn):
        return _turned(script, enrolment, step, step.wait, friend, moment)
    due = due_of(script, enrolment, step, friend)
    if due is None:
        return _without_date(script, enrolment, step, friend, moment)
    if due > now:
        return Moved(replace(enrolment, due=due))  # its date moved
    if why := past(script, enrolment, step, due):
        return skip(script, enrolment, step, friend, moment, why, due)
    due = max(due, enrolment.reached)
    if (excluded := _excluded(script, enrolment, step, _NEXT, friend, moment, due)) is not None:
        return excluded
    if step.condition is not None and not holds(step.condition, friend, now):
        return skip(script, enrolment, step, friend, moment, "its condition is not true", due)
    way = chosen(step, friend, now)
    whole = Way((*step.way.actions, *way.actions), way.goto)
    moved = _do(script, enrolment, step, whole, friend, moment, due)
    if isinstance(moved, Moved):
        return moved
    marked, effects = moved
    if step.wait is not None:
        # Nobody answers what they have not read: where it sends, the time to do so begins with the sending.
        begins = now if any(isinstance(effect, Say | Ask) for effect in effects) else due
        until = begins + step.wait.within
        return Moved(replace(marked, waiting=until, due=until, reached=due), effects)
    return Moved(onwards(script, marked, step, way, friend, due), effects)


def _without_date(script: Script, enrolment: Enrolment, step: ScriptStep, friend: Friend, moment: Moment) -> Moved:
    """A step whose date is not known: it waits until an attribute tells it, at most until a step after it is due."""
    why = UNKNOWN_DATE
    if step.before is None or not step.before.attribute or script.yearly:
        return skip(script, enrolment, step, friend, moment, why)
    due, after = None, script.following(step, _NEXT)
    while due is None and after is not None:
        due, after = due_of(script, enrolment, after, friend), script.following(after, _NEXT)
    if due is not None and due <= moment.now:
        return skip(script, enrolment, step, friend, moment, why)
    return Moved(replace(enrolment, due=due, reason=why))


def met(script: Script, enrolment: Enrolment, happening: Happening, friend: Friend, now: datetime) -> Enrolment | None:
    """Where a friend stands when what their step waits for has happened: the step is due at once. None where it does
    not wait for this."""
    step = script.step(enrolment.step)
    if enrolment.waiting is None or step is None or step.wait is None or happening.at > enrolment.waiting:
        return None
    if happening.at < enrolment.reached or not any_fits(step.wait.patterns, happening, friend):
        return None
    return replace(enrolment, waiting=None, turn=MET, reached=happening.at, due=now)


def _turned(
    script: Script, enrolment: Enrolment, step: ScriptStep, wait: Waiting, friend: Friend, moment: Moment
) -> Moved:
    """Goes on after a wait. Its messages keep the same rules as those of a step that is due at that moment."""
    if not enrolment.turn:
        enrolment = replace(enrolment, turn=MISSED, reached=enrolment.waiting or moment.now, waiting=None)
    way = wait.met if enrolment.turn == MET else wait.missed
    if (excluded := _excluded(script, enrolment, step, way, friend, moment, enrolment.reached)) is not None:
        return excluded
    moved = _do(script, enrolment, step, way, friend, moment, enrolment.reached, enrolment.turn)
    if isinstance(moved, Moved):
        return moved
    marked, effects = moved
    return Moved(onwards(script, marked, step, way, friend, enrolment.reached), effects)


def _excluded(
    script: Script, enrolment: Enrolment, step: ScriptStep, way: Way, friend: Friend, moment: Moment, due: datetime
) -> Moved | None:
    """What an exclusion makes of a course, by its rule; None where none holds."""
    if script.not_excluded is None or holds(script.not_excluded, friend, moment.now):
        return None
    if script.excluded == "leave":
        return Moved(ended(script, enrolment, friend, State.LEFT, EXCLUDED, moment.now))
    why = f"{enrolment.turn}: {EXCLUDED}" if enrolment.turn else EXCLUDED
    return skip(script, enrolment, step, friend, moment, why, due, way)


def _do(
    script: Script,
    enrolment: Enrolment,
    step: ScriptStep,
    way: Way,
    friend: Friend,
    moment: Moment,
    due: datetime,
    turn: str = "",
) -> Moved | tuple[Enrolment, tuple[Effect, ...]]:
    """What is done at a step: the friend with a mark, and the effects; or where they stand, if the messages wait."""
    actions, said = way.actions, DONE
    if any(is_said(action) for action in actions):
        gate = _gate(script, enrolment, step, way, friend, moment, due, turn)
        if gate.until is not None:
            return Moved(replace(enrolment, due=gate.until, held_until=gate.until, reason=gate.why))
        if gate.hold:
            return Moved(replace(enrolment, state=State.HELD, due=None, reason=gate.why))
        said = gate.why or SENT
        if gate.why:
            actions = tuple(action for action in actions if not is_said(action))
    effects = _effects(script, enrolment, step, actions, moment, turn)
    # What became due while this one was held is not late for that: it counts from the same moment.
    marked = replace(enrolment, reason="").marked(step.id, f"{turn}: {said}" if turn else said, moment.now)
    return marked, effects


@dataclass(frozen=True, slots=True)
class _Gate:
    """Whether messages go out: yes; not before `until`; not at all, for a reason; or a person is asked."""

    why: str = ""
    until: datetime | None = None
    hold: bool = False


def _gate(
    script: Script,
    enrolment: Enrolment,
    step: ScriptStep,
    way: Way,
    friend: Friend,
    moment: Moment,
    due: datetime,
    turn: str,
) -> _Gate:
    now = moment.now
    if moment.answer:
        return _Gate()
    worthless = worth_until(script, enrolment, step, friend)
    if worthless is not None and now > worthless:
        return _Gate("its messages are worth nothing any more")
    # Two machines' clocks differ by seconds: what is due when it is armed was not due before.
    if due < script.since - ON_TIME and not script.backfill:
        return _Gate("it was due while the scenario was not armed")
    quiet = moment.quiet if script.quiet_hours == "wait" else None
    fair = max(due, enrolment.held_until or due)
    fair = (quiet and quiet.until(fair)) or fair
    late = now - (max(fair, script.since) if script.backfill else fair)
    until, why = (quiet.until(now) if quiet else None), "quiet hours"
    if late > ON_TIME:
        limited = moment.free_at if moment.free_at is not None and script.capped != "send" else now
        ahead = Ahead(script, enrolment, now, max(until or now, limited), moment.words)
        if newer := ahead.newer(step, way, friend, due, turn):
            return _Gate(f"it was missed, and '{newer.id}' came after it")
    if script.late.within is not None and late > max(script.late.within, ON_TIME):
        return _Gate("it was too late", hold=script.late.otherwise == "hold")
    if moment.free_at is not None and script.capped != "send" and moment.free_at > (until or now):
        if script.capped == "skip" or moment.free_at - due > LONGEST_WAIT:
            return _Gate("the friend was over a limit")
        until, why = moment.free_at, "over a limit"
    if moment.paid_at is not None and moment.paid_at > (until or now):
        if moment.paid_at - due > LONGEST_WAIT:
            return _Gate("the budget was spent")
        until, why = moment.paid_at, moment.unpaid
    if until is None:
        return _Gate()
    if worthless is not None and until > worthless:
        return _Gate(f"its messages would be worth nothing when the friend may be sent to: {why}")
    return _Gate(why, until)


def _effects(
    script: Script,
    enrolment: Enrolment,
    step: ScriptStep,
    actions: Sequence[Mapping[str, object]],
    moment: Moment,
    turn: str,
) -> tuple[Effect, ...]:
    context = {**script.context, "event": dict(enrolment.fields)}
    key = _key(step.id, turn, enrolment.instance, enrolment.entry)
    decided = Decided(f"{script.address}/{step.id}", key, context, moment.answer, script.capped, script.given)
    return tuple(effects_of(actions, decided))


def _key(step: str, turn: str, instance: str, entry: int) -> str:
    return "/".join(part for part in (step, turn, instance, str(entry)) if part)


def said_by(enrolment: Enrolment, step: str, key: str) -> bool:
    """Whether what has this key was said by this course at this step, and not by another one beside it."""
    # The course of a day of every year is at its next beginning by then.
    entries = (enrolment.entry, enrolment.entry - 1)
    keys = {_key(step, turn, enrolment.instance, entry) for turn in ("", MET, MISSED) for entry in entries}
    return key in keys or key.rpartition(".")[0] in keys


def skip(
    script: Script,
    enrolment: Enrolment,
    step: ScriptStep,
    friend: Friend,
    moment: Moment,
    why: str,
    due: datetime | None = None,
    way: Way = _NEXT,
) -> Moved:
    """A step that is not done, and why. Where it branches, it goes on with the next one in the file."""
    marked = replace(enrolment, held_until=None, reason="").marked(step.id, why, moment.now)
    return Moved(onwards(script, marked, step, way, friend, max(due or enrolment.reached, enrolment.reached)))


def counts_as_sent(said: str) -> bool:
    """Whether a step's mark says that its messages went out, at its time or after a wait."""
    return said in {SENT, f"{MET}: {SENT}", f"{MISSED}: {SENT}"}
