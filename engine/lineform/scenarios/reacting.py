"""What a happening makes of a friend's courses in one scenario: it begins one, ends one, moves one on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from lineform.scenarios.courses import course, ended
from lineform.scenarios.dated import came_back, dated
from lineform.scenarios.effect import Effect, Say
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.machine import Moment, Moved, advance, met, skip
from lineform.scenarios.pattern import any_fits
from lineform.scenarios.script import Script
from lineform.scenarios.steps import due_of, may_begin, planned
from lineform.segments.friend import Friend
from lineform.sending.late import ON_TIME

RETURNED = "unblocked"
"""The field of a follow that says that the friend had blocked the account."""
HAS_BLOCKED = "the friend blocked the account"
"""Why a course is over, or a message was not sent."""
FORGOTTEN = "forgotten"
"""The field of a follow that says that the person was forgotten before, and that nobody knows what they had."""


def react(
    script: Script, mine: Sequence[Enrolment], happening: Happening, friend: Friend, moment: Moment
) -> list[Moved]:
    """What changes. `mine` are the friend's courses in this scenario, those that are over included; `friend` is as
    after the happening."""
    out: list[Moved] = []
    touched: list[Enrolment] = []
    for enrolment in mine:
        moved = _inside(script, enrolment, happening, friend, moment)
        if moved is not None:
            out.append(moved)
        touched.append(enrolment if moved is None else moved.enrolment)
    began = _begun(script, touched, happening, friend, moment.now)
    if began is not None:
        out = [moved for moved in out if moved.enrolment.instance != began.instance or moved.effects]
        out.append(Moved(began))
    return out


def _inside(script: Script, enrolment: Enrolment, happening: Happening, friend: Friend, moment: Moment) -> Moved | None:
    if not enrolment.open:
        return None
    if happening.what is What.UNFOLLOW:
        return Moved(blocked(script, enrolment, happening.at))
    if enrolment.state is State.PAUSED or happening.key == enrolment.began_with or happening.at < enrolment.entered_at:
        return None
    if script.per and script.per in happening.fields and str(happening.fields[script.per]) != enrolment.instance:
        return None
    if _under_way(script, enrolment, happening.at):
        if any_fits(script.goal, happening, friend):
            why = f"reached its goal at {happening.at:%Y-%m-%d %H:%M} UTC"
            return Moved(ended(script, enrolment, friend, State.GOAL, why, moment.now))
        if any_fits(script.exits, happening, friend):
            why = f"left by its rule at {happening.at:%Y-%m-%d %H:%M} UTC"
            return Moved(ended(script, enrolment, friend, State.LEFT, why, moment.now))
    if enrolment.state is not State.ACTIVE:
        return None
    if (turned := met(script, enrolment, happening, friend, moment.now)) is not None:
        return Moved(turned)
    if (waited := _waited_by_then(script, enrolment, happening, friend, moment)) is not None:
        return waited
    return _moved_date(script, enrolment, happening, friend, moment)


def _under_way(script: Script, enrolment: Enrolment, at: datetime) -> bool:
    """Whether there is something that could end: what begins every year has not begun before its first step's time, and
    who buys in June is congratulated in December."""
    if not script.yearly or enrolment.step != script.steps[0].id or enrolment.held_until is not None:
        return True
    return enrolment.waiting is not None or enrolment.due is None or enrolment.due <= at


def _waited_by_then(
    script: Script, enrolment: Enrolment, happening: Happening, friend: Friend, moment: Moment
) -> Moved | None:
    """What a step waits for may happen after the step's time and before anybody came to look at it: then the step is
    done first. None where it does not wait for this, and where other things than messages would have been done before
    it, or several messages sent: those are left to whoever looks after time."""
    there, effects = enrolment, tuple[Effect, ...]()
    while there.state is State.ACTIVE and there.due is not None and there.due <= min(happening.at, moment.now):
        step = script.step(there.step)
        if step is None or there.waiting is not None or there.turn or (effects and step.sends):
            return None
        moved = advance(script, there, friend, moment)
        there, effects = moved.enrolment, (*effects, *moved.effects)
        if there.waiting is not None:
            turned = met(script, there, happening, friend, moment.now)
            return None if turned is None else Moved(turned, effects)
        if not all(isinstance(effect, Say) for effect in effects):
            return None
    return None


def blocked(script: Script, enrolment: Enrolment, at: datetime) -> Enrolment:
    """A course whose friend blocked the account: over, or paused where the rule is to resume."""
    if script.follow is not None and script.follow.on_unblock == "resume" and enrolment.state is State.ACTIVE:
        return replace(enrolment, state=State.PAUSED, due=None, reason="blocked", held_until=at)
    return enrolment.over(State.BLOCKED, HAS_BLOCKED)


def _moved_date(
    script: Script, enrolment: Enrolment, happening: Happening, friend: Friend, moment: Moment
) -> Moved | None:
    """The present step's time where it hangs on an attribute that changed."""
    step = script.step(enrolment.step)
    if step is None or step.before is None or happening.what is not What.ATTRIBUTE or enrolment.waiting is not None:
        return None
    if step.before.attribute != happening.name:
        return None
    due, waits = due_of(script, enrolment, step, friend), enrolment.due is None or enrolment.due > moment.now
    if due is not None and due < moment.now - ON_TIME and waits and enrolment.held_until is None:
        return skip(script, enrolment, step, friend, moment, "it was past when its date became known", due)
    return Moved(replace(enrolment, due=planned(script, enrolment, friend), reason=""))


def _begun(
    script: Script, mine: Sequence[Enrolment], happening: Happening, friend: Friend, now: datetime
) -> Enrolment | None:
    if friend.blocked:
        return None
    if script.date and happening.what is What.FOLLOW:
        return came_back(script, next(iter(mine), None), friend, now, happening.key)
    if script.enroll == "existing":
        return None
    if script.date and happening.what is What.ATTRIBUTE and happening.name == script.date:
        return dated(script, next(iter(mine), None), friend, now, happening.key)
    if happening.what is What.MANUAL:
        return _by_hand(script, mine, happening, friend, now) if happening.name == script.name else None
    if not any_fits(script.triggers, happening, friend):
        return None
    instance = str(happening.fields.get(script.per, "")) if script.per else ""
    known = next((one for one in mine if one.instance == instance), None)
    if happening.what is What.FOLLOW and script.follow is not None:
        return _followed(script, known, happening, friend, now)
    if not _again(script, known, now) or not may_begin(script, friend, now):
        return None
    return course(
        script, known, friend, happening.at, now, happening.key, instance=instance, fields=dict(happening.fields)
    )


def _by_hand(
    script: Script, mine: Sequence[Enrolment], happening: Happening, friend: Friend, now: datetime
) -> Enrolment | None:
    known = next((one for one in mine if not one.instance), None)
    if known is not None and known.open and script.reentry != "restart":
        return None
    if known is not None and script.reentry == "never" and known.state not in {State.INSIDE, State.OUTSIDE}:
        return None
    if not may_begin(script, friend, now):
        return None
    return course(script, known, friend, happening.at, now, happening.key, fields=dict(happening.fields))


def _again(script: Script, known: Enrolment | None, now: datetime) -> bool:
    if known is None or known.state is State.OUTSIDE:
        return True
    if script.reentry == "never" or now - known.entered_at < script.reentry_after:
        return False
    return script.reentry == "restart" or not known.open


def _followed(
    script: Script, known: Enrolment | None, happening: Happening, friend: Friend, now: datetime
) -> Enrolment | None:
    """Who comes back gets nothing that is for newcomers, unless the rule says so and the cool-down is over."""
    rule = script.follow
    returned = bool(happening.fields.get(RETURNED)) or bool(happening.fields.get(FORGOTTEN)) or _came_before(friend)
    if rule is None or (known is not None and known.state is State.ACTIVE):
        return None
    if known is not None and known.state is State.PAUSED:
        return _resumed(script, known, friend, now)
    if known is not None or returned:
        if rule.on_unblock != "restart":
            return None
        since = known.entered_at if known is not None else None
        if since is None and not happening.fields.get(FORGOTTEN):
            since = friend.first_followed_at
        # Of somebody who was forgotten, nobody knows when it was: then the cool-down is taken not to be over.
        if rule.cooldown and (since is None or now - since < rule.cooldown):
            return None
    if not may_begin(script, friend, now):
        return None
    return course(script, known, friend, happening.at, now, happening.key, fields=dict(happening.fields))


def _came_before(friend: Friend) -> bool:
    first, latest = friend.first_followed_at, friend.followed_at
    return first is not None and latest is not None and first < latest


def _resumed(script: Script, known: Enrolment, friend: Friend, now: datetime) -> Enrolment:
    """Goes on where it stood: the time of the block is not counted."""
    gone = now - (known.held_until or now)
    shift = {"anchor": known.anchor + gone, "reached": known.reached + gone}
    waiting = None if known.waiting is None else known.waiting + gone
    there = replace(known, state=State.ACTIVE, reason="", held_until=None, waiting=waiting, **shift)  # type: ignore[arg-type]
    return replace(there, due=waiting or planned(script, there, friend))


def revised(old: Script, new: Script, enrolment: Enrolment, friend: Friend, now: datetime) -> Enrolment:
    """A friend in the middle of a scenario that changed, by the new version's rule. Where they keep the old one, they
    are left as they are."""
    if new.in_flight == "keep" or enrolment.version == new.version or not enrolment.open:
        return enrolment
    if new.in_flight == "stop":
        return enrolment.over(State.STOPPED, "the scenario changed")
    there = replace(enrolment, version=new.version)
    target = next(_still_there(old, new, enrolment), None)
    if target is None:
        return replace(there, step="").over(State.DONE, "the changed scenario has no step left")
    if target != enrolment.step:
        there = replace(there, step=target, waiting=None, turn="")
    step = new.step(target)
    if there.waiting is not None and step is not None and step.wait is None:
        there = replace(there, waiting=None, turn="")
    if there.state is not State.ACTIVE:
        return there
    return replace(there, due=there.waiting or planned(new, there, friend))


def _still_there(old: Script, new: Script, enrolment: Enrolment) -> Iterator[str]:
    """The present step, where the new version has it, too. Where it is gone, the steps of the new one after those that
    the friend has been at: what took its place comes first. Whoever did it and waits at it goes on with what came after
    it, and not with what took its place."""
    if new.step(enrolment.step) is not None:
        yield enrolment.step
    place = old.places.get(enrolment.step, len(old.steps))
    been = {step.id for step in old.steps[:place]}
    last = max((new.places[one] for one in been if one in new.places), default=-1)
    after = [step.id for step in new.steps[last + 1 :]]
    later = [step.id for step in old.steps[place:] if new.step(step.id) is not None]
    waits = enrolment.waiting is not None or enrolment.turn
    yield from (*later, *after) if waits else (*after, *later)
