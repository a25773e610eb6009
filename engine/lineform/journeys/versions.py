"""Courses of friends inside a scenario that changed: which version each follows, and where the armed one takes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lineform.journeys.book import Book, Books
from lineform.ports.store import Store
from lineform.scenarios.enrolment import Enrolment, State
from lineform.scenarios.reacting import revised
from lineform.scenarios.script import Script
from lineform.scenarios.steps import planned
from lineform.segments.friend import Friend


class Versions:
    """The versions of one account's scenarios, as far as somebody is in the middle of one."""

    def __init__(self, books: Books, book: Book, store: Store, account: str) -> None:
        self._books, self._book, self._store, self._account = books, book, store, account

    def older(self, course: Enrolment) -> Script | None:
        """The armed version of a scenario where the course is in the middle of another one; else None."""
        script = self._book.scripts.get(course.scenario)
        return None if script is None or script.version == course.version or not course.open else script

    def current(self, course: Enrolment, friend: Friend, now: datetime) -> Enrolment:
        """A course as the armed version has it, where that is another one than it began with."""
        script = self.older(course)
        if script is None:
            return course
        old = self._books.earlier(self._store, self._account, script, course.version) or script
        return revised(old, script, course, friend, now)

    def script_of(self, course: Enrolment) -> Script | None:
        """The version of the scenario that a course follows; None while the scenario is not armed."""
        script = self._book.scripts.get(course.scenario)
        if script is None or script.version == course.version:
            return script
        return self._books.earlier(self._store, self._account, script, course.version)

    def rearmed(self, course: Enrolment, friend: Friend, now: datetime) -> Enrolment:
        """An open course as the next look of a run at the armed version leaves it: moved on by that version's rule, and
        awake where it stood still while the scenario was not armed."""
        there = self.current(course, friend, now)
        follows = self.script_of(there)
        if there.state is State.ACTIVE and there.due is None and follows is not None:
            there = replace(there, due=there.waiting or planned(follows, there, friend))
        return there
