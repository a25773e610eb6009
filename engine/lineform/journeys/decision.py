"""What follows from happenings and from time, decided for some friends at once, inside of one transaction.

The friends are held, read once, and changed in memory; what an effect changes may be a happening of its own. At the
end everything is written: where they stand, what is known of them, and the frozen messages.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from lineform.journeys.book import Book, Books
from lineform.journeys.cases import Case, Deed
from lineform.journeys.hooks import DOERS, REACTIONS
from lineform.journeys.limits import lately
from lineform.journeys.menus import Menus
from lineform.journeys.people import Person, Said
from lineform.journeys.shelf import Shelf
from lineform.journeys.speech import Speech
from lineform.journeys.versions import Versions
from lineform.model.project import Client
from lineform.plural import plural
from lineform.ports.audit import AuditEntry
from lineform.ports.journeys import FriendChange, NewEvent
from lineform.run.supplies import Supplies
from lineform.scenarios.effect import Ask, Begin, Call, Complete, Effect, Give, Know, Leave, Record, Say, Show, Take
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.happening import Happening, What
from lineform.scenarios.machine import LONGEST_WAIT, MET, Moment, Moved, advance
from lineform.scenarios.reacting import HAS_BLOCKED, blocked, react
from lineform.scenarios.script import Script
from lineform.scenarios.steps import planned
from lineform.segments.friend import Event
from lineform.sending.guards import Stop, named
from lineform.sending.links import Keys
from lineform.sending.quiet import quiet_hours

LONGEST_CHAIN: Final = 8
"""Happenings that may follow from one another; more is a circle, and is stopped."""
_NEXT_TRY: Final = timedelta(hours=1)
"""How long steps wait where the month's budget is spent, or something is missing that their messages are given."""
_STEPS_AT_ONCE: Final = 400
"""Steps that one friend may go through at one moment: more than the largest scenarios can have together."""


class Decision:
    """Decides for friends who are held, in the transaction that the store of `supplies` is. `keys` sign links, and the
    passes to friends' own pages."""

    def __init__(
        self, supplies: Supplies, client: Client, book: Book, books: Books, actor: str, keys: Keys | None
    ) -> None:
        self.supplies, self.client, self.book, self.keys = supplies, client, book, keys
        self.store, self.now = supplies.store, supplies.now
        self.speech = Speech(self.now)
        self.shelf = Shelf(supplies, keys)
        self.versions = Versions(books, book, self.store, client.name)
        self._actor = actor
        self._people: dict[int, Person] = {}
        self._events: list[NewEvent] = []
        self.quiet = quiet_hours(client.limits.quiet, client.timezone, client.limits.windows)
        self._menus = Menus(book)
        self.broke: Stop | None = None
        """What says that the budget is spent: then steps that send wait an hour, and answers alone go out."""
        self.open_menus: tuple[int, ...] = ()
        """Friends whose menu was written down, and LINE has to be told."""

    def take_in(self, ids: Sequence[int], *, pushes: bool = False) -> None:
        """Reads these friends. Whoever is forgotten is left out. Where what is decided `pushes`, nobody else freezes
        for this account from here on: what friends were sent lately is then what they were when it is written."""
        account = self.client.name
        if pushes and self.client.limits.per_friend is not None:
            self.store.freeze_alone(account)
        histories = self.store.histories(account, ids)
        courses = self.store.enrolments(account, ids)
        for friend in self.store.friends(account, ids):
            known = {(one.scenario, one.instance): one for one in courses.get(friend.id, ())}
            self._people[friend.id] = Person(replace(friend, events=histories.get(friend.id, ())), known)
        self.speech.lately = lately(self.store, account, self.client.limits.per_friend, ids, self.now)

    @property
    def people(self) -> Iterable[Person]:
        return self._people.values()

    def person(self, friend_id: int) -> Person | None:
        """A friend who was taken in."""
        return self._people.get(friend_id)

    def live(self, happening: Happening) -> None:
        """Everything that follows from a happening, and from what follows from it."""
        person = self._people.get(happening.friend_id)
        if person is None:
            return
        waiting = deque([(happening, 0)])
        while waiting:
            one, depth = waiting.popleft()
            if depth > LONGEST_CHAIN:
                self._note(
                    "stopped a circle", f"friend {person.friend.id}", f"{one.what} '{one.name}' of {happening.key}"
                )
                return
            waiting += [(further, depth + 1) for further in self._one(person, one)]

    def _one(self, person: Person, happening: Happening) -> Iterator[Happening]:
        answered = False
        effects: list[Effect] = []
        self._menus.saw(happening)
        for reaction in REACTIONS:
            case = Case(happening, person.friend, self.now, self.client, self.book, self.store, answered)
            reacted = reaction(case)
            answered = answered or reacted.answered
            effects += reacted.effects
        yield from self._all(person, effects, happening, None)
        for script in self.book.scripts.values():
            mine = [self.current(one) for one in person.courses.values() if one.scenario == script.name]
            stood = {one.instance: one for one in mine}
            for moved in react(script, mine, happening, person.friend, self._moment(person)):
                before = stood.get(moved.enrolment.instance, moved.enrolment)
                yield from self._moved(person, self._supplied(script, before, person, moved), happening, script)
        yield from self._catch_up(person, happening, touched=True)

    def due(self, friend_id: int) -> None:
        """Everything that time brings to a friend by now."""
        person = self._people.get(friend_id)
        if person is None:
            return
        for happening in list(self._catch_up(person, None)):
            self.live(happening)

    def learn(self, friend_id: int, display_name: str, language: str, *, happens: str) -> None:
        """What LINE tells of a friend; with `happens`, a key's beginning, each thing that is new is a happening."""
        person = self._people.get(friend_id)
        if person is None:
            return
        told = {"display_name": display_name, "language": language}
        new = {name: value for name, value in told.items() if value and getattr(person.friend, name) != value}
        person.told |= new
        person.friend = replace(person.friend, **new)  # type: ignore[arg-type]
        for name in new if happens else ():
            self.live(Happening(f"{happens}/{friend_id}/{name}", friend_id, What.ATTRIBUTE, self.now, name))

    def forget(self, friend_id: int, events: Sequence[str], attributes: Sequence[str], *, key: str) -> None:
        """Events (by their ids) and attributes of a friend that are not known any more."""
        person = self._people.get(friend_id)
        if person is None:
            return
        left = tuple(one for one in person.friend.events or () if one.id not in events)
        person.friend = replace(person.friend, events=left)
        for happening in list(self._do(person, Know("unsend", key, dict.fromkeys(attributes)), None, None)):
            self.live(happening)

    def do(self, friend_id: int, effects: Sequence[Effect]) -> None:
        """What is done for a friend without their doing, and all that follows from it."""
        person = self._people.get(friend_id)
        if person is not None:
            for happening in list(self._all(person, effects, None, None)):
                self.live(happening)

    def put(self, course: Enrolment) -> None:
        """Where a friend stands, without doing anything."""
        self._people[course.friend_id].put(course)

    def begin(self, course: Enrolment) -> None:
        """A course that somebody else decided to begin; what is due of it at once is done."""
        person = self._people[course.friend_id]
        person.put(course)
        for happening in list(self._catch_up(person, None, touched=True)):
            self.live(happening)

    def _catch_up(self, person: Person, cause: Happening | None, *, touched: bool = False) -> Iterator[Happening]:
        """Does all steps of a friend that are due, those of the highest priority first; yields what happens by that.
        With `touched`, only of courses that were changed by this decision: the others are left to those who look after
        time."""
        for _ in range(_STEPS_AT_ONCE):
            found = self._next_due(person, touched=touched)
            if found is None:
                return
            script, course = found
            answers = cause is not None and cause.answerable(self.now) and _begun_by(course, cause)
            moment = replace(self._moment(person), answer=answers)
            moved = advance(script, course, person.friend, moment)
            if answers and self.broke and self.shelf.hands_out(moved.effects):
                # It is pushed all the same, and waits like every push.
                moved = advance(script, course, person.friend, replace(moment, answer=False))
            yield from self._moved(person, self._supplied(script, course, person, moved), cause, script)
        self._note("stopped a circle", f"friend {person.friend.id}", "more steps at once than scenarios can have")

    def _supplied(self, script: Script, course: Enrolment, person: Person, moved: Moved) -> Moved:
        """The same, where everything is there that its messages are given. Else the step waits as a whole, and the
        friend's other courses go on; after a week of it, a person decides."""
        says = [one for one in moved.effects if isinstance(one, Say)]
        missing = self.shelf.take(script.address, person.friend.id, says, len(self._people))
        if missing is None:
            return moved
        first = course.waiting or (course.reached if course.turn else planned(script, course, person.friend))
        if self.now - first > LONGEST_WAIT:
            return Moved(replace(course, state=State.HELD, due=None, reason=missing.message))
        until = self.now + _NEXT_TRY
        return Moved(replace(course, due=until, held_until=until, reason=named(missing.code, missing.message)))

    def _next_due(self, person: Person, *, touched: bool) -> tuple[Script, Enrolment] | None:
        found: list[tuple[int, datetime, str, Script, Enrolment]] = []
        for key, course in list(person.courses.items()):
            if touched and key not in person.changed:
                continue
            if course.due is None or course.due > self.now or course.state is not State.ACTIVE:
                continue
            current = self.current(course)
            script = self.script_of(current)
            if script is None:
                # Nothing is done, and nothing is looked at again until it is armed anew.
                person.put(replace(current, due=None))
            elif person.friend.blocked:
                # Nobody told us when; now is when we know.
                person.put(blocked(script, current, self.now))
            elif current != course:
                person.put(current)
                return self._next_due(person, touched=touched)
            else:
                found.append((-script.priority, course.due, "/".join(key), script, course))
        if not found:
            return None
        first = min(found, key=lambda one: one[:3])
        return first[3], first[4]

    def current(self, course: Enrolment) -> Enrolment:
        """A course as the armed version has it, where that is another one than it began with."""
        person = self._people.get(course.friend_id)
        return course if person is None else self.versions.current(course, person.friend, self.now)

    def script_of(self, course: Enrolment) -> Script | None:
        """The version of the scenario that a course follows; None while the scenario is not armed."""
        return self.versions.script_of(course)

    def _moment(self, person: Person) -> Moment:
        moment = Moment(self.now, self.quiet, self.speech.free_at(person.friend), words=self.book.words)
        if self.broke is None:
            return moment
        unpaid = named(self.broke.guard, self.broke.sentence)
        return replace(moment, paid_at=self.now + _NEXT_TRY, unpaid=unpaid)

    def _moved(self, person: Person, moved: Moved, cause: Happening | None, script: Script) -> Iterator[Happening]:
        person.put(moved.enrolment)
        yield from self._all(person, moved.effects, cause, script)

    def _all(
        self, person: Person, effects: Iterable[Effect], cause: Happening | None, script: Script | None
    ) -> Iterator[Happening]:
        for effect in effects:
            yield from self._do(person, effect, cause, script)

    def _do(
        self, person: Person, effect: Effect, cause: Happening | None, script: Script | None
    ) -> Iterator[Happening]:
        match effect:
            case Say():
                self._say(person, effect, cause, script)
            case Give(tag=tag):
                yield from self._give(person, tag, effect, cause)
            case Take(tag=tag):
                yield from self._take(person, tag, effect, cause)
            case Know(values=values):
                for name, value in values.items():
                    if person.friend.attributes.get(name) != value:
                        known = {**person.friend.attributes, name: value}
                        kept = {key: one for key, one in known.items() if one is not None}
                        person.friend = replace(person.friend, attributes=kept)
                        person.known[name] = value
                        yield self._happening(person, effect, cause, What.ATTRIBUTE, name)
            case Record(type=kind, fields=fields):
                key = f"{effect.source}/{effect.key}/{person.friend.id}"
                self._events.append(NewEvent(person.friend.id, kind, key, self.now, fields))
                event = Event(kind, key, self.now, fields)
                person.friend = replace(person.friend, events=(*(person.friend.events or ()), event))
                yield replace(self._happening(person, effect, cause, What.EVENT, kind), fields=fields)
            case Begin(scenario=name) | Complete(form=name):
                what = What.MANUAL if isinstance(effect, Begin) else What.FORM
                yield self._happening(person, effect, cause, what, name)
            case Leave(scenario=name):
                for course in list(person.courses.values()):
                    if course.scenario == name and course.open:
                        person.put(course.over(State.STOPPED, f"by {effect.source}"))
            case Show():
                self._menus.show(person.friend.id, effect)
            case Ask() | Call():
                yield from self._hand_over(person, effect, cause, script)

    def _hand_over(
        self, person: Person, effect: Ask | Call, cause: Happening | None, script: Script | None
    ) -> Iterator[Happening]:
        doer = DOERS.get(type(effect))
        if doer is None:
            self._note("left out", effect.source, f"{type(effect).__name__.lower()}: nothing here does it")
            return
        deed = Deed(person.friend, self.now, self.client, self.book, self.store, cause)
        yield from self._all(person, doer(deed, effect), cause, script)

    def _say(self, person: Person, say: Say, cause: Happening | None, script: Script | None) -> None:
        if person.friend.blocked:
            return
        said = Said(person.friend, say, script, cause if say.answer else None)
        if script is None or say.address != script.address:
            # Steps were asked before they were done.
            missing = self.shelf.take(say.address, person.friend.id, [say], len(self._people))
            said = said if missing is None else replace(said, refused=missing.message)
        self.speech.say(said)

    def push_instead(self, several: Sequence[Said]) -> None:
        """Answers that LINE did not take, as pushes: those keep the limits about their friend, of replies as well."""
        for said in several:
            person = self._people.get(said.friend.id)
            if person is not None:  # else forgotten meanwhile
                refused = HAS_BLOCKED if person.friend.blocked else ""
                self.speech.push(replace(said, friend=person.friend, refused=refused))

    def unsent(self, said: Said, why: str) -> None:
        """A message that was decided and is not sent after all: the friend's course says so."""
        person = self._people.get(said.friend.id)
        if person is not None:
            person.unsent(said, why)

    def _give(self, person: Person, tag: str, effect: Effect, cause: Happening | None) -> Iterator[Happening]:
        for rival in sorted(self.book.words.rivals(tag) & person.friend.tags):
            yield from self._take(person, rival, effect, cause)
        person.given[tag] = True
        new = tag not in person.friend.tags
        # One that they have counts anew from here on.
        tags, tagged_at = person.friend.tags | {tag}, {**person.friend.tagged_at, tag: self.now}
        person.friend = replace(person.friend, tags=tags, tagged_at=tagged_at)
        if new:
            yield self._happening(person, effect, cause, What.TAGGED, tag)

    def _take(self, person: Person, tag: str, effect: Effect, cause: Happening | None) -> Iterator[Happening]:
        if tag in person.friend.tags:
            person.given[tag] = False
            person.friend = replace(person.friend, tags=person.friend.tags - {tag})
            yield self._happening(person, effect, cause, What.UNTAGGED, tag)

    def _happening(self, person: Person, effect: Effect, cause: Happening | None, what: What, name: str) -> Happening:
        """What an effect makes happen. What answers it answers what the friend did in the first place."""
        key = f"{effect.source}/{effect.key}/{person.friend.id}/{what}/{name}"
        made = Happening(key, person.friend.id, what, self.now, name)
        return made if cause is None else replace(made, reply_token=cause.reply_token, received_at=cause.received_at)

    def _note(self, action: str, subject: str, detail: str) -> None:
        self.store.note(AuditEntry(self.now, self.client.name, self._actor, action, subject, detail))

    def write(self) -> None:
        """Everything but the messages."""
        account = self.client.name
        for one in self.shelf.short:
            self._note(f"stopped by {one.why.code}", one.address, f"{plural(one.friends, 'friend')}: {one.why.message}")
        changed = [person.courses[key] for person in self.people for key in sorted(person.changed)]
        self.store.save_enrolments(account, changed, self.now)
        changes = [
            FriendChange(
                person.friend.id,
                dict(person.known),  # type: ignore[arg-type]
                tuple(tag for tag, given in person.given.items() if given),
                tuple(tag for tag, given in person.given.items() if not given),
                **person.told,
            )
            for person in self.people
            if person.known or person.given or person.told
        ]
        self.store.change_friends(account, changes, self.now)
        self.store.record_events(account, self._events)
        friends = {person.friend.id: person.friend for person in self.people}
        self.open_menus = self._menus.write(self.store, account, friends, self.now, self._actor)


def _begun_by(course: Enrolment, cause: Happening) -> bool:
    """Whether a course stands where it stands because of this happening, so that its messages answer it."""
    return course.began_with == cause.key or course.turn == MET
