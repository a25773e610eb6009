"""A form as a conversation: what was heard, the state after it, and what is asked next.

The state is the answers so far, and which question is open. After an answer the next question is the first that applies
and has none, so an answer that is corrected changes which questions apply after it; a dialogue that was left goes on at
the question that was open. Nothing here keeps time or a store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from lineform.model.form import FormPage, FormPhrases
from lineform.model.questions import Question
from lineform.scenarios.answers import Read, Wrong, read_text, whole_choice
from lineform.scenarios.asking import BACK, DECIDE, SKIP, STOP, Place, Tap, asked, tap_of
from lineform.scenarios.doing import Decided, effects_of
from lineform.scenarios.effect import Complete, Effect, Give, Know, Record, Say, Take
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.matching import plain
from lineform.segments.friend import ANSWER, Friend, Value
from lineform.segments.predicate import Predicate
from lineform.segments.reading import matches
from lineform.sending.given import Given


@dataclass(frozen=True, slots=True)
class Form:
    """An armed form."""

    name: str
    questions: tuple[Question, ...]
    digest: str = ""
    """Of its revision."""
    production: bool = False
    """Whether its texts are guarded as on a production account."""
    only: Mapping[str, tuple[Predicate, ...]] = field(default_factory=dict)
    """By field: what must be true of the earlier answers, read as attributes."""
    done: tuple[Mapping[str, Any], ...] = ()
    """Actions as they are armed; see `lineform.scenarios.doing`."""
    words: FormPhrases = field(default_factory=FormPhrases)
    save: Literal["end", "each"] = "end"
    idle: timedelta = timedelta(days=1)
    keep: timedelta = timedelta(days=30)
    interrupt: Literal["keyword", "never"] = "keyword"
    timezone: str = "Asia/Tokyo"
    context: Mapping[str, Any] = field(default_factory=dict)
    given: Given = field(default_factory=Given)
    """The links and items that its messages read."""
    page: FormPage | None = None

    @property
    def source(self) -> str:
        """The address."""
        return f"form.{self.name}"

    def question(self, field: str) -> Question | None:
        """The question with this field."""
        return next((one for one in self.questions if one.field == field), None)

    def today(self, now: datetime) -> date:
        """The client's calendar day."""
        return now.astimezone(ZoneInfo(self.timezone)).date()


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Where one friend is in one form."""

    form: str
    key: str
    """What began it: the first part of the keys of what is recorded at its end."""
    at: str
    """The field that is asked for."""
    began_at: datetime
    touched_at: datetime
    """When something was last answered or asked."""
    answers: Mapping[str, Value | None] = field(default_factory=dict)
    """By field; None where the question was skipped."""
    beside: Mapping[str, Value] = field(default_factory=dict)
    """Further attributes that answers told, such as a postcode."""
    picked: tuple[str, ...] = ()
    """Of a question with several answers that is being asked: those that are chosen so far."""
    open: bool = True
    """Whether what the friend writes is an answer. One that was stopped is kept, and can go on."""
    heard: Mapping[str, str] = field(default_factory=dict)
    """By field: the key of the happening that answered it."""
    undecided: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By field: of other questions with several answers, those that were chosen and not decided on."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a happening comes to: the dialogue after it, None where it is over, and the effects."""

    dialogue: Dialogue | None
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """How a happening is understood. `do` is ``answer``, ``pick``, ``wrong`` or a word that steers the form."""

    do: str
    field: str = ""
    value: Value = ""
    beside: tuple[tuple[str, Value], ...] = ()
    sentence: str = ""
    """For what is wrong: why, for the friend."""
    free: bool = False
    """Whether the friend wrote a text where any text is an answer."""


def alive(form: Form, dialogue: Dialogue, now: datetime) -> bool:
    """Whether its answers are kept still."""
    return now - dialogue.touched_at < form.keep


def listening(form: Form, dialogue: Dialogue, now: datetime) -> bool:
    """Whether what the friend writes is taken as an answer."""
    return dialogue.open and now - dialogue.touched_at < form.idle


# What was heard


def heard(form: Form, dialogue: Dialogue, happening: Happening, now: datetime) -> Heard | None:
    """What a happening says to this dialogue; None where it is not for it.

    A tap on one of the form's buttons is, even where the dialogue was stopped or left: it goes on then."""
    if not alive(form, dialogue, now):
        return None
    if happening.what is What.POSTBACK:
        tap = tap_of(happening.text)
        return None if tap is None or tap.form != form.name else _tapped(form, tap, happening, now)
    if not listening(form, dialogue, now) or (question := form.question(dialogue.at)) is None:
        return None
    if happening.what is What.MESSAGE:
        return Heard("wrong", question.field, sentence=question.retry)
    if happening.what is not What.TEXT:
        return None
    if (word := _steers(form, question, happening.text)) is not None:
        return Heard(word)
    found = read_text(question, happening.text, form.today(now))
    return _understood(question, found, free=question.text is not None)


def _understood(question: Question, found: Read | Wrong, *, free: bool = False) -> Heard:
    if isinstance(found, Wrong):
        return Heard("wrong", question.field, sentence=found.sentence)
    return Heard("answer", question.field, found.value, found.beside, free=free)


def _steers(form: Form, question: Question, text: str) -> str | None:
    words = {form.words.back: BACK, form.words.stop: STOP}
    if question.optional:
        words[form.words.skip] = SKIP
    if question.choices is not None:
        words[form.words.decide] = DECIDE
    written = plain(text)
    return next((word for label, word in words.items() if plain(label) == written), None)


def _tapped(form: Form, tap: Tap, happening: Happening, now: datetime) -> Heard:
    if tap.word in {BACK, STOP, SKIP, DECIDE}:
        return Heard(tap.word)
    question = form.question(tap.field)
    if question is None:
        return Heard("wrong")
    if question.yes_no is not None and tap.value in {"yes", "no"}:
        return Heard("answer", question.field, tap.value == "yes")
    if question.date is not None:
        picked = happening.fields.get("date", "")
        return _understood(question, read_text(question, str(picked), form.today(now)))
    if tap.value not in {one.value for one in question.options}:
        return Heard("wrong", question.field)  # a button of an earlier version of the form
    return Heard("answer" if question.choice is not None else "pick", question.field, tap.value)


# Which questions apply


def applying(form: Form, answers: Mapping[str, Value | None], friend: Friend, now: datetime) -> list[Question]:
    """The questions that apply to this friend with these answers, in order."""
    out: list[Question] = []
    known: dict[str, Value] = {}
    for question in form.questions:
        about = replace(friend, attributes=known)
        if not all(matches(test, about, now) is True for test in form.only.get(question.field, ())):
            continue
        value = answers.get(question.field)
        told = friend.attributes.get(question.to) if question.skip_if_known and question.to is not None else None
        if told is not None and question.field not in answers:
            value = told
        else:
            out.append(question)
        if value is not None:
            known[question.field] = value
    return out


def _next(form: Form, answers: Mapping[str, Value | None], friend: Friend, now: datetime) -> Question | None:
    return next((one for one in applying(form, answers, friend, now) if one.field not in answers), None)


# What follows


def begin(form: Form, dialogue: Dialogue | None, friend: Friend, key: str, now: datetime) -> Step:
    """The form is asked: from its beginning, or from where it was left."""
    if dialogue is not None and alive(form, dialogue, now):
        again = _text(form.words.resumed) if dialogue.answers else ()
        dialogue = replace(dialogue, open=True)
        # It may have an answer: the friend went back to correct it.
        left = next((one for one in applying(form, dialogue.answers, friend, now) if one.field == dialogue.at), None)
        if left is not None:
            return _ask(form, dialogue, left, key, now, before=again)
        return _onward(form, dialogue, friend, key, now, before=again)
    return _onward(form, Dialogue(form.name, key, "", now, now), friend, key, now)


def step(form: Form, dialogue: Dialogue, told: Heard, friend: Friend, key: str, now: datetime) -> Step:
    """The dialogue after what was heard; `key` is the happening's."""
    dialogue = replace(dialogue, open=True)
    match told.do:
        case "stop":
            stopped = replace(dialogue, open=False, touched_at=now)
            return Step(stopped, (_say(form, key, _text(form.words.stopped), now),))
        case "back":
            return _back(form, dialogue, friend, key, now)
        case "skip":
            question = form.question(dialogue.at)
            if question is None or not question.optional:
                return repeated(form, dialogue, key, now)
            skipped = replace(dialogue, answers={**dialogue.answers, dialogue.at: None})
            return _onward(form, _settled(skipped, dialogue.at), friend, key, now)
        case "decide":
            return _decide(form, dialogue, friend, key, now)
        case "pick":
            return _pick(form, dialogue, told, friend, key, now)
        case "answer":
            return _answered(form, dialogue, told, friend, key, now)
    return repeated(form, dialogue, key, now, told.sentence)


def repeated(form: Form, dialogue: Dialogue, key: str, now: datetime, sentence: str = "") -> Step:
    """The same question once more: its last message, which bears the buttons."""
    question = form.question(dialogue.at)
    if question is None:
        return Step(dialogue)
    messages = asked(question, _place(form, dialogue), form.today(now))[-1:]
    said = _say(form, key, (*(_text(sentence) if sentence else ()), *messages), now)
    return Step(replace(dialogue, touched_at=now), (said,))


def _answered(form: Form, dialogue: Dialogue, told: Heard, friend: Friend, key: str, now: datetime) -> Step:
    question = form.question(told.field)
    if question is None or question not in applying(form, {**dialogue.answers, told.field: None}, friend, now):
        return repeated(form, dialogue, key, now)  # a button of a question that does not apply any more
    beside = dict(dialogue.beside)
    if question.code_to is not None:
        beside.pop(question.code_to, None)  # that of an answer which this one corrects
    beside |= dict(told.beside)
    answers = {**dialogue.answers, told.field: told.value}
    answered = replace(dialogue, answers=answers, beside=beside, heard={**dialogue.heard, told.field: key})
    changed = _settled(answered, told.field)
    saved = tuple(_saved(form, changed, [question], key)) if form.save == "each" else ()
    onward = _onward(form, changed, friend, key, now)
    return Step(onward.dialogue, (*saved, *onward.effects))


def _pick(form: Form, dialogue: Dialogue, told: Heard, friend: Friend, key: str, now: datetime) -> Step:
    """One of several answers chosen, or not chosen any more."""
    if dialogue.at != told.field:
        question = form.question(told.field)
        if question is None or question not in applying(form, {**dialogue.answers, told.field: None}, friend, now):
            return repeated(form, dialogue, key, now)
        dialogue = _opened(form, dialogue, question)
    value = str(told.value)
    picked = (
        tuple(one for one in dialogue.picked if one != value)
        if value in dialogue.picked
        else (
            *dialogue.picked,
            value,
        )
    )
    return repeated(form, replace(dialogue, picked=picked), key, now)


def _decide(form: Form, dialogue: Dialogue, friend: Friend, key: str, now: datetime) -> Step:
    question = form.question(dialogue.at)
    if question is None or question.choices is None:
        return repeated(form, dialogue, key, now)
    told = _understood(question, whole_choice(question.choices, dialogue.picked))
    return step(form, dialogue, told, friend, key, now)


def _back(form: Form, dialogue: Dialogue, friend: Friend, key: str, now: datetime) -> Step:
    """To the question before this one; the answer that it has stays until there is another."""
    before: list[Question] = []
    for question in applying(form, dialogue.answers, friend, now):
        if question.field == dialogue.at:
            break
        before.append(question)
    if not before:
        return repeated(form, dialogue, key, now)
    return _ask(form, dialogue, before[-1], key, now)


def _onward(
    form: Form, dialogue: Dialogue, friend: Friend, key: str, now: datetime, *, before: tuple[dict[str, Any], ...] = ()
) -> Step:
    question = _next(form, dialogue.answers, friend, now)
    if question is None:
        return Step(None, finished(form, dialogue, friend, key, now))
    return _ask(form, dialogue, question, key, now, before=before)


def _ask(
    form: Form, dialogue: Dialogue, question: Question, key: str, now: datetime, before: tuple[dict[str, Any], ...] = ()
) -> Step:
    moved = replace(_opened(form, dialogue, question), touched_at=now)
    messages = asked(question, _place(form, moved), form.today(now))
    return Step(moved, (_say(form, key, (*before, *messages), now),))


def _opened(form: Form, dialogue: Dialogue, question: Question) -> Dialogue:
    """With this question as the open one. What was ticked and not decided on stays ticked, here and where the friend
    comes from."""
    undecided = {**dialogue.undecided, **_left(form, dialogue)}
    chosen = undecided.pop(question.field, dialogue.answers.get(question.field))
    offered = {option.value for option in question.options}
    picked = tuple(one for one in chosen if one in offered) if isinstance(chosen, tuple) else ()
    return replace(dialogue, at=question.field, picked=picked, undecided=undecided)


def _left(form: Form, dialogue: Dialogue) -> Mapping[str, tuple[str, ...]]:
    """What is ticked of the open question, where that is not what it was answered with."""
    question = form.question(dialogue.at)
    if question is None or question.choices is None:
        return {}
    answer = dialogue.answers.get(dialogue.at)
    decided = set(answer) if isinstance(answer, tuple) else set()
    return {} if set(dialogue.picked) == decided else {dialogue.at: dialogue.picked}


def _settled(dialogue: Dialogue, field: str) -> Dialogue:
    """With nothing undecided about a question that was just answered or skipped."""
    undecided = {name: chosen for name, chosen in dialogue.undecided.items() if name != field}
    if dialogue.at == field:
        dialogue = replace(dialogue, at="", picked=())
    return replace(dialogue, undecided=undecided)


def _place(form: Form, dialogue: Dialogue) -> Place:
    return Place(form.name, form.words, first=not dialogue.answers, picked=dialogue.picked)


def _say(form: Form, key: str, messages: tuple[Mapping[str, Any], ...], now: datetime) -> Say:
    return Say(form.source, f"{key}/ask", messages, form.context, answer=True, given=form.given)


def _text(text: str) -> tuple[dict[str, Any], ...]:
    return ({"type": "text", "text": text},)


# What an answer becomes


def finished(form: Form, dialogue: Dialogue, friend: Friend, key: str, now: datetime) -> tuple[Effect, ...]:
    """What follows when all is answered: events, attributes and tags of the questions that apply, then the actions."""
    questions = applying(form, dialogue.answers, friend, now)
    given_answers = {one.field: value for one in questions if (value := dialogue.answers.get(one.field)) is not None}
    event = {name: list(value) if isinstance(value, tuple) else value for name, value in given_answers.items()}
    saved = () if form.save == "each" else _saved(form, dialogue, questions, dialogue.key)
    decided = Decided(form.source, f"{key}/done", {**form.context, "event": event}, answer=True, given=form.given)
    done = effects_of(form.done, decided)
    return (*saved, *done, Complete(form.source, f"{dialogue.key}/complete", form.name))


def _saved(form: Form, dialogue: Dialogue, questions: list[Question], key: str) -> Iterator[Effect]:
    values: dict[str, Value] = {}
    tags: list[Effect] = []
    for question in questions:
        value = dialogue.answers.get(question.field)
        if value is None:
            continue
        fields: dict[str, Value] = {"form": form.name, "field": question.field, "value": value}
        # By the happening as well, so that an answer which is taken back is found.
        by = dialogue.heard.get(question.field, key)
        recorded = f"{key}/{question.field}" if by == key else f"{key}/{question.field}/{by}"
        yield Record(form.source, recorded, ANSWER, fields)
        if question.to is not None:
            values[question.to] = value
        if question.code_to is not None and question.code_to in dialogue.beside:
            values[question.code_to] = dialogue.beside[question.code_to]
        tags += _tags(form, question, value, f"{key}/{question.field}")
    if values:
        yield Know(form.source, f"{key}/attributes/{'+'.join(one.field for one in questions)}", values)
    yield from tags


def _tags(form: Form, question: Question, value: Value, key: str) -> Iterator[Effect]:
    """The tag of what was answered; those of the other answers go first."""
    wanted: set[str] = set()
    others: set[str] = set()
    if question.yes_no is not None and question.yes_no.tag is not None:
        (wanted if value is True else others).add(question.yes_no.tag)
    for option in question.options:
        if option.tag is not None:
            chosen = option.value in value if isinstance(value, tuple) else option.value == value
            (wanted if chosen else others).add(option.tag)
    for tag in sorted(others - wanted):
        yield Take(form.source, f"{key}/{tag}", tag)
    for tag in sorted(wanted):
        yield Give(form.source, f"{key}/{tag}", tag)
