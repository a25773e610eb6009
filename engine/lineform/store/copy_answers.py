"""An open copy and its answers: rows, numbers, and sets of friends.

DuckDB finds ids by the million within milliseconds; to make a Python number of each would take ten times as long. So it
hands over whole columns, as Apache Arrow lays them out, and NumPy marks or counts in an array that has a place for
each friend, which becomes the bits of a set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import sqlalchemy as sa

from lineform.segments.ids import BLOCK, IdSet
from lineform.store.changes import Position
from lineform.store.copy_sql import DIALECT, EVENTS, FRIENDS, DuckValues
from lineform.store.driver_sql import AnySelect, compiled
from lineform.store.failures import StoreUnusable
from lineform.store.predicate_sql import Question
from lineform.store.tables import friends

if TYPE_CHECKING:
    import duckdb
    import numpy as np

    Numbers: TypeAlias = np.ndarray[tuple[int], np.dtype[Any]]

SPAN: Final = 160 * BLOCK
"""Ids that have a place in an array at once, of eight bytes where something is added up: some ten million."""
_BLOCK_BYTES: Final = BLOCK // 8
_ASKING = "SET memory_limit = '64MB'"
"""Questions need less than what makes and changes a copy, beside the arrays in which they count."""


class Answers:
    """An open copy, with every change of the store in it."""

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self.duck = duck
        self.changes = 0
        self._last: int | None = None
        self._totals: Numbers | None = None
        try:
            self.read_state()
        except BaseException:
            duck.close()
            raise

    def read_state(self) -> None:
        (row,) = self.duck.execute("SELECT * FROM reached").fetchall()
        self.format, self.copy = row[:2]
        self.position = Position(*row[2:])
        rows = self.duck.execute("SELECT of, name, kind, place FROM shredded").fetchall()
        self._shredded = {(of, name, kind): place for of, name, kind, place in rows}

    def about(self, account_id: int, now: datetime) -> Question:
        """How a question about an account is put to this copy."""
        self.duck.execute(_ASKING)
        self._last = None
        attributes, fields = DuckValues(FRIENDS, self._shredded), DuckValues(EVENTS, self._shredded)
        # As numbers, by which DuckDB passes over what is of other types without reading it.
        types = dict(
            self.duck.execute("SELECT name, id FROM event_types WHERE account_id = ?", [account_id]).fetchall()
        )
        return Question(account_id, now, attributes, fields, event_types=types)

    def rows(self, query: AnySelect) -> list[Any]:
        """Few rows, as Python has them. Raises `StoreUnusable` where DuckDB fails, as all of these do."""
        with _answering():
            return self.duck.execute(*compiled(query, DIALECT)).fetchall()

    def set_of(self, query: AnySelect) -> IdSet:
        """Ids of friends, the one column."""
        np = _numpy()
        blocks: dict[int, int] = {}
        for span, batches in self._by_span(query.order_by(None)):
            marks = np.zeros(len(span), dtype=bool)
            for (places,) in batches:
                marks[places] = True
            blocks.update(_blocks(marks, span))
        return IdSet(blocks)

    def sets_by_number(self, query: sa.Select[Any], highest: int) -> dict[int, IdSet]:
        """Ids of friends, the first column, by a number from 0 to the highest one, the second."""
        np = _numpy()
        nobody = highest + 1
        found: dict[int, dict[int, int]] = {}
        for span, batches in self._by_span(query):
            told = np.full(len(span), nobody, dtype=np.min_scalar_type(nobody))
            seen = np.zeros(nobody, dtype=int)
            for places, numbers in batches:
                told[places] = numbers
                seen += np.bincount(numbers, minlength=nobody)
            for one in np.flatnonzero(seen).tolist():
                found.setdefault(one, {}).update(_blocks(told == one, span))
        return {number: IdSet(blocks) for number, blocks in found.items()}

    def measured(self, query: sa.Select[Any], start: float, add: str, holds: Callable[[Numbers], Numbers]) -> IdSet:
        """Ids of friends, the first column, for whom holds what became of all their values, the second one. Each begins
        with `start`; NumPy's function `add` takes in a value."""
        np = _numpy()
        blocks: dict[int, int] = {}
        for span, batches in self._by_span(query):
            totals = self._places(len(span))
            totals.fill(start)
            for places, values in batches:
                getattr(np, add).at(totals, places, values)
            blocks.update(_blocks(holds(totals), span))
        return IdSet(blocks)

    def _places(self, number: int) -> Numbers:
        """An array in which a question adds up. The next one takes the same: to get eighty megabytes from the system
        takes as long as to count in them."""
        if self._totals is None:
            self._totals = _numpy().empty(number)
        return self._totals[:number]

    def _by_span(self, query: AnySelect) -> Iterator[tuple[range, Iterator[list[Numbers]]]]:
        """The columns of a question, thousands of rows at a time, for so many ids as have a place at once. Of an id,
        the first column, this is its place among them. No value is NULL."""
        if self._last is None:
            ((self._last,),) = self.rows(sa.select(sa.func.coalesce(sa.func.max(friends.c.id), 0)))
        columns = query.subquery().c
        end = (self._last // BLOCK + 1) * BLOCK
        for start in range(0, end, SPAN):
            span = range(start, min(start + SPAN, end))
            # As numbers in the SQL, by which DuckDB passes over rows unread.
            first, behind = (sa.literal_column(str(one), sa.BigInteger()) for one in (span.start, span.stop))
            those = sa.select(columns[0] - first, *columns[1:]).where(columns[0] >= first, columns[0] < behind)
            yield span, self._batches(those)

    def _batches(self, query: AnySelect) -> Iterator[list[Numbers]]:
        # Loaded here because it is an extra.
        import nanoarrow  # noqa: PLC0415

        np = _numpy()
        statement, values = compiled(query, DIALECT)
        with _answering():
            for batch in nanoarrow.c_array_stream(self.duck.sql(statement, params=values)):
                columns = batch.view().children
                # The first buffer would say which values are NULL.
                yield [np.asarray(one.buffer(1))[one.offset : one.offset + one.length] for one in columns]

    def close(self) -> None:
        self.duck.close()


@contextmanager
def _answering() -> Iterator[None]:
    # Loaded here because it is an extra.
    import duckdb  # noqa: PLC0415

    try:
        yield
    except (duckdb.Error, RuntimeError) as error:  # the latter where rows were on their way
        # Its words may hold a friend's values.
        raise StoreUnusable(
            f"the copy of the friends could not answer: DuckDB ended with {type(error).__name__}",
            hint="delete it with 'lineform friends copy --remove': then the store answers, until there is a new one",
        ) from None


def _blocks(marks: Numbers, span: range) -> Iterator[tuple[int, int]]:
    """Blocks of a set, out of a mark for each id."""
    packed = _numpy().packbits(marks, bitorder="little").tobytes()
    for place in range(0, len(packed), _BLOCK_BYTES):
        if bits := int.from_bytes(packed[place : place + _BLOCK_BYTES], "little"):
            yield (span.start + 8 * place) // BLOCK, bits


def _numpy() -> Any:
    # Loaded here because start-up must not pay for it, and because it is an extra.
    import numpy as np  # noqa: PLC0415

    return np
