"""How PostgreSQL is asked about everybody: by the words that an index of ids has (`lineform.store.hot`), and by events
as they come.

Where tags or events narrow a conjunction down beside such a word, all of these are sets of ids that need no friend's
row, and only the rows of those who are left are read for the rest. Without a fence PostgreSQL takes both for the same
row and reads that of everybody with the word: five conditions about ten million friends 1.8 s instead of 1.0.

Where events are counted, and a few friends say that a walk in the order of friends costs less (`lineform.store.ways`),
hashing and sorting are forbidden for that statement: three purchases of ten million friends 2.9 s instead of 6.6.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any as Anything
from typing import Final

import sqlalchemy as sa

from lineform.segments.measures import of_nothing
from lineform.segments.predicate import Any, AttributeIs, Happened, HasTag, Predicate, leaves
from lineform.segments.sets import is_gathered
from lineform.store.comparison_sql import Asked
from lineform.store.driver_sql import AnySelect
from lineform.store.hot import MEANT, name_of_word
from lineform.store.predicate_sql import Compiler, Question, conjuncts, is_once, reachable
from lineform.store.tables import friends
from lineform.store.ways import Way, Ways

_IN_ORDER: Final = ("enable_hashagg = off", "enable_sort = off")
"""What comes in the order of friends is grouped as it comes. Where nothing else is possible, PostgreSQL still hashes or
sorts."""


class WordsFirst(Compiler):
    """Compiles a question about everybody."""

    def __init__(self, question: Question, indexes: Collection[str], ways: Ways) -> None:
        """`indexes` are the names of those that the store has."""
        super().__init__(question)
        self._indexes = indexes
        self._ways = ways

    def settings(self, predicate: Predicate) -> Sequence[str]:
        counted = (leaf for leaf in leaves(predicate) if isinstance(leaf, Happened) and not is_once(leaf.measure))
        return _IN_ORDER if any(self._ways[leaf] is Way.IN_ORDER for leaf in counted) else ()

    def ids(self, predicate: Predicate) -> AnySelect:
        found = self._by_words(predicate)
        return super().ids(predicate) if found is None else found.order_by(friends.c.id)

    def number(self, predicate: Predicate) -> sa.Select[Anything]:
        found = self._by_words(predicate)
        return super().number(predicate) if found is None else sa.select(sa.func.count()).select_from(found.subquery())

    def _by_words(self, predicate: Predicate) -> sa.Select[Anything] | None:
        """Ids of whom a conjunction selects, by an index of a word's; None where the rows are best read first."""
        parts = list(conjuncts(predicate, self._now))
        sets = [part for part in parts if is_gathered(part)]
        words = [part for part in parts if isinstance(part, AttributeIs) and self._is_kept(part)]
        of_rows = [part for part in parts if part not in sets and part not in words]
        if not words or (of_rows and not any(map(_narrows, sets))):
            return None
        first = [self.compile(part, Asked.TRUE) for part in (*words, *sets)]
        found = sa.select(friends.c.id).where(reachable(self._account_id), MEANT, *first)
        if not of_rows:
            return found
        left = found.offset(0).subquery()  # a fence
        rest = [self.compile(part, Asked.TRUE) for part in of_rows]
        return sa.select(friends.c.id).join_from(left, friends, friends.c.id == left.c.id).where(*rest)

    def _is_kept(self, part: AttributeIs) -> bool:
        return part.comparison == "is" and name_of_word(part) in self._indexes


def _narrows(part: Predicate) -> bool:
    """Whether a part means those of a set, and not everybody else."""
    match part:
        case HasTag():
            return True
        case Any(parts):
            return all(map(_narrows, parts))
        case Happened():
            return not of_nothing(part.measure)
        case _:
            return False
