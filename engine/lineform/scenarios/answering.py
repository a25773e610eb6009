"""Who answers what a friend just did: the form that is being asked, a reply, or both.

The form goes first where the friend answers it. A reply that matches something else is given, and the question is asked
again after it. Everything that is said in answer goes out together: a reply token is good for one call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from lineform.scenarios.asking import tap_of
from lineform.scenarios.dialogue import Dialogue, Form, Heard, begin, finished, heard, repeated, step
from lineform.scenarios.doing import Decided, effects_of
from lineform.scenarios.effect import Ask, Effect
from lineform.scenarios.filling import fill
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.replies import ANYTHING, EXACT, Answered, Decision, Looked, Reply, decide
from lineform.segments.friend import Friend
from lineform.sending.given import Given

HEARS = frozenset(
    {What.TEXT, What.MESSAGE, What.POSTBACK, What.FOLLOW, What.UNFOLLOW, What.ROUTE, What.PAGE},
)
"""The kinds of happenings that anything here follows from."""


@dataclass(frozen=True, slots=True)
class EntryRoute:
    """An armed entry route."""

    name: str
    digest: str = ""
    """Of its revision."""
    production: bool = False
    """Whether its texts are guarded as on a production account."""
    do: tuple[Mapping[str, Any], ...] = ()
    """Actions as they are armed; see `lineform.scenarios.doing`."""
    gap: timedelta | None = None
    """How long coming again does nothing; None for ever."""
    context: Mapping[str, Any] = field(default_factory=dict)
    given: Given = field(default_factory=Given)
    """The links and items that its messages read."""
    title: str = ""
    text: str = ""
    """What its page says."""

    @property
    def source(self) -> str:
        """The address."""
        return f"route.{self.name}"


@dataclass(frozen=True, slots=True)
class Armed:
    """The armed replies, forms and entry routes of a client."""

    replies: tuple[Reply, ...] = ()
    forms: Mapping[str, Form] = field(default_factory=dict)
    routes: Mapping[str, EntryRoute] = field(default_factory=dict)

    @property
    def anything(self) -> bool:
        """Whether anything is armed that could answer."""
        return bool(self.replies or self.forms or self.routes)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is recorded of one friend: dialogues by form, and which replies answered before."""

    dialogues: Mapping[str, Dialogue] = field(default_factory=dict)
    answered: Mapping[str, Answered] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be recorded and what follows. In `dialogues`, None ends one; what is not in it stays as it was."""

    effects: tuple[Effect, ...] = ()
    dialogues: Mapping[str, Dialogue | None] = field(default_factory=dict)
    answered: Mapping[str, Answered] = field(default_factory=dict)
    looked: tuple[Looked, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether anything follows at all."""
        return bool(self.effects or self.dialogues or self.answered)


def answer(armed: Armed, standing: Standing, happening: Happening, friend: Friend, now: datetime) -> Outcome:
    """What answers this happening."""
    if happening.what is What.UNFOLLOW:
        left = {name: replace(one, open=False) for name, one in standing.dialogues.items() if one.open}
        return Outcome(dialogues=left)
    match happening.what:
        case What.ROUTE | What.FOLLOW:
            return _entered(armed, standing, happening, friend, now)
        case What.PAGE:
            return _filled(armed, happening, friend, now)
        case What.TEXT | What.MESSAGE | What.POSTBACK:
            return _said(armed, standing, happening, friend, now)
    return Outcome()


def _entered(armed: Armed, standing: Standing, happening: Happening, friend: Friend, now: datetime) -> Outcome:
    """What follows from coming by a route: now, or with the follow of whoever came by it before following."""
    name = friend.last_route if happening.what is What.FOLLOW else happening.name
    route = armed.routes.get(name)
    if route is None or friend.blocked or (happening.what is What.FOLLOW and happening.fields.get("unblocked")):
        return Outcome()
    last = standing.answered.get(route.source)
    if last is not None and last.key != happening.key and (route.gap is None or now - last.at < route.gap):
        return Outcome(looked=(Looked(route.source, "the friend came by this route before"),))
    if happening.what is What.FOLLOW and last is not None and last.key != happening.key:
        return Outcome()
    decided = Decided(route.source, happening.key, route.context, answer=True, given=route.given)
    effects = effects_of(route.do, decided)
    out = _settled(armed, standing, friend, now, effects, {})
    return replace(out, answered={route.source: Answered(now, happening.key)})


def _filled(armed: Armed, happening: Happening, friend: Friend, now: datetime) -> Outcome:
    """A form's page: the whole form at once, and whatever was answered of it in the chat is over."""
    form = armed.forms.get(happening.name)
    if form is None:
        return Outcome(looked=(Looked(happening.name, "this form is not armed"),))
    filled = fill(form, happening.fields, friend, now)
    if filled.wrong or filled.open:
        return Outcome(looked=(Looked(happening.name, "its page was not filled in to the end"),))
    dialogue = Dialogue(form.name, happening.key, "", happening.at, now, filled.answers, filled.beside)
    effects = finished(form, dialogue, friend, happening.key, now)
    return Outcome(effects, {form.name: None})


def _said(armed: Armed, standing: Standing, happening: Happening, friend: Friend, now: datetime) -> Outcome:
    listener = _listener(armed, standing, happening, now)
    if listener is None:
        if happening.what is What.POSTBACK and tap_of(happening.text) is not None:
            return Outcome()  # a button of a form that is over
        return _replied(armed, standing, happening, friend, now)
    form, dialogue, told = listener
    decision = None
    if _may_be_another(form, told):
        found = decide(happening, friend, armed.replies, standing.answered, now)
        if found.reply is not None and _comes_first(found, told):
            decision = found
    if decision is None:
        done = step(form, dialogue, told, friend, happening.key, now)
        changed = {**_paused(standing, form.name), form.name: done.dialogue}
        return _settled(armed, standing, friend, now, done.effects, changed)
    return _with_reply(armed, standing, happening, friend, now, decision, (form, dialogue))


def ask(armed: Armed, standing: Standing, wanted: Ask, friend: Friend, now: datetime) -> Outcome:
    """The first question of a form, or the one where it was left. Nothing where the form is not armed any more."""
    form = armed.forms.get(wanted.form)
    if form is None:
        return Outcome(looked=(Looked(wanted.form, "this form is not armed"),))
    begun = begin(form, standing.dialogues.get(form.name), friend, f"{wanted.source}/{wanted.key}", now)
    return Outcome(begun.effects, {**_paused(standing, form.name), form.name: begun.dialogue})


def _listener(
    armed: Armed, standing: Standing, happening: Happening, now: datetime
) -> tuple[Form, Dialogue, Heard] | None:
    """The form that a happening speaks to: that of the tapped button, or the one that is being asked."""
    for name, dialogue in sorted(standing.dialogues.items(), key=lambda one: not one[1].open):
        form = armed.forms.get(name)
        if form is not None and (told := heard(form, dialogue, happening, now)) is not None:
            return form, dialogue, told
    return None


def _may_be_another(form: Form, told: Heard) -> bool:
    """Whether a reply may answer instead: what is no answer, or a free text where a keyword goes first."""
    return told.do == "wrong" or (told.free and form.interrupt == "keyword")


def _comes_first(found: Decision, told: Heard) -> bool:
    return found.closeness == EXACT or (told.do == "wrong" and found.closeness != ANYTHING)


def _replied(armed: Armed, standing: Standing, happening: Happening, friend: Friend, now: datetime) -> Outcome:
    decision = decide(happening, friend, armed.replies, standing.answered, now)
    return _with_reply(armed, standing, happening, friend, now, decision, None)


def _with_reply(
    armed: Armed,
    standing: Standing,
    happening: Happening,
    friend: Friend,
    now: datetime,
    decision: Decision,
    asking: tuple[Form, Dialogue] | None,
) -> Outcome:
    effects = decision.effects
    dialogues: dict[str, Dialogue | None] = {}
    begins = any(isinstance(one, Ask) for one in effects)
    if asking is not None and not begins:
        again = repeated(*asking, happening.key, now)
        effects, dialogues = (*effects, *again.effects), {asking[0].name: again.dialogue}
    out = _settled(armed, standing, friend, now, effects, dialogues)
    marks = {} if decision.reply is None else {decision.reply.name: Answered(now, happening.key)}
    return replace(out, answered=marks, looked=decision.looked)


def _settled(
    armed: Armed,
    standing: Standing,
    friend: Friend,
    now: datetime,
    effects: Sequence[Effect],
    dialogues: Mapping[str, Dialogue | None],
) -> Outcome:
    """Forms that begin here are asked here, so that their question is part of the same answer."""
    out: list[Effect] = []
    changed = dict(dialogues)
    for effect in effects:
        if not isinstance(effect, Ask) or effect.form not in armed.forms:
            out.append(effect)
            continue
        known = {**standing.dialogues, **changed}
        present = Standing({name: one for name, one in known.items() if one is not None})
        begun = ask(armed, present, effect, friend, now)
        out += begun.effects
        changed |= begun.dialogues
    return Outcome(tuple(out), changed)


def _paused(standing: Standing, but: str) -> dict[str, Dialogue | None]:
    """Only one form listens at a time; the others go on when they are asked again."""
    return {name: replace(one, open=False) for name, one in standing.dialogues.items() if one.open and name != but}
