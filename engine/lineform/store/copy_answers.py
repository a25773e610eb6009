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
from lineform.store.failures import CopyFailed
from lineform.store.predicate_sql import Question, read_names
from lineform.store.tables import friends

if TYPE_CHECKING:
    import duckdb
    import numpy as np

    Numbers: TypeAlias = np.ndarray[tuple[int], np.dtype[Any]]

SPAN: Final = 160 * BLOCK
"""Ids that have a place in an array at once, of eight bytes where something is added up: some ten million."""
_BLOCK_BYTES: Final = BLOCK // 8
_DAMAGE: Final = ("Corrupt", "Could not read", "Serialization Error", "INTERNAL Error", "FATAL Error")
"""In what DuckDB says where its file cannot be read. What else goes wrong, as with memory, is no fault of the file."""
_ASKING = "SET memory_limit = '64MB'"
"""Questions need less than what makes and changes a copy, beside the arrays in which they count."""


class Answers:
    """An open copy, with every change of the store in it. Whatever is asked here raises `CopyFailed` where DuckDB
    fails."""

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self.duck = duck
        self.changes = 0
        self.damaged = False
        """Whether its file could not be read, so that it is better made anew."""
        self._last: int | None = None
        self._totals: Numbers | None = None
        try:
            self.read_state()
        except BaseException:
            duck.close()
            raise

    def read_state(self) -> None:
        (row,) = self.duck.execute("SELECT format, copy, mark, seq, stamp, friend, event FROM reached").fetchall()
        self.format, self.copy = row[:2]
        self.position = Position(*row[2:])
        rows = self.duck.execute("SELECT of, name, kind, place FROM shredded").fetchall()
        self._shredded = {(of, name, kind): place for of, name, kind, place in rows}

    def about(self, account_id: int, now: datetime) -> Question:
        """How a question about an account is put to this copy."""
        with self._answering():
            self.duck.execute(_ASKING)
        # By the numbers of names DuckDB passes over what is of others without reading it.
        names = read_names(account_id, self.rows)
        attributes, fields = DuckValues(FRIENDS, self._shredded), DuckValues(EVENTS, self._shredded)
        return Question(account_id, now, attributes, fields, names=names)

    def rows(self, query: AnySelect) -> list[Any]:
        """Few rows, as Python has them."""
        with self._answering():
            return self.duck.execute(*compiled(query, DIALECT)).fetchall()

    def set_of(self, query: AnySelect) -> IdSet:
        """Ids of friends, the one column."""
        np = _numpy()
        blocks: dict[int, int] = {}
        for span, those in self._by_span(query.order_by(None)):
            marks = np.zeros(len(span), dtype=bool)
            with self._read(those) as batches:
                for (places,) in batches:
                    marks[places] = True
            blocks.update(_blocks(marks, span))
        return IdSet(blocks)

    def sets_by_number(self, query: sa.Select[Any], highest: int) -> dict[int, IdSet]:
        """Ids of friends, the first column, by a number from 0 to the highest one, the second."""
        np = _numpy()
        nobody = highest + 1
        found: dict[int, dict[int, int]] = {}
        for span, those in self._by_span(query):
            told = np.full(len(span), nobody, dtype=np.min_scalar_type(nobody))
            seen = np.zeros(nobody, dtype=int)
            with self._read(those) as batches:
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
        for span, those in self._by_span(query):
            totals = self._places(len(span))
            totals.fill(start)
            with self._read(those) as batches:
                for places, values in batches:
                    getattr(np, add).at(totals, places, values)
            blocks.update(_blocks(holds(totals), span))
        return IdSet(blocks)

    def _places(self, number: int) -> Numbers:
        """An array in which a question adds up. The next one takes the same: to get eighty megabytes from the system
        takes as long as to count in them."""
        if self._totals is None or len(self._totals) < number:
            self._totals = _numpy().empty(number)
        return self._totals[:number]

    def _by_span(self, query: AnySelect) -> Iterator[tuple[range, sa.Select[Any]]]:
        """The question for so many ids as have a place at once. Of an id, the first column, it asks for its place among
        them. No value may be NULL."""
        columns = query.subquery().c
        for span in self._spans():
            # As numbers in the SQL, by which DuckDB passes over rows unread.
            first, behind = (sa.literal_column(str(one), sa.BigInteger()) for one in (span.start, span.stop))
            yield span, sa.select(columns[0] - first, *columns[1:]).where(columns[0] >= first, columns[0] < behind)

    def _spans(self) -> Iterator[range]:
        """Where there are friends."""
        if self._last is None:
            ((self._last,),) = self.rows(sa.select(sa.func.coalesce(sa.func.max(friends.c.id), 0)))
        end = (self._last // BLOCK + 1) * BLOCK
        numbers = [0]
        if end > SPAN:
            span = friends.c.id.op("//")(sa.literal_column(str(SPAN)))
            numbers = sorted(one for (one,) in self.rows(sa.select(span).distinct()))
        for number in numbers:
            yield range(number * SPAN, min((number + 1) * SPAN, end))

    @contextmanager
    def _read(self, query: AnySelect) -> Iterator[Iterator[list[Numbers]]]:
        """The columns, thousands of rows at a time. Whatever ends it, nothing of the file stays open afterwards."""
        statement, values = compiled(query, DIALECT)
        with self._answering():
            # Loaded here because it is an extra.
            import nanoarrow  # noqa: PLC0415

            stream = nanoarrow.c_array_stream(self.duck.sql(statement, params=values))
            try:
                yield _batches(stream)
            finally:
                stream.release()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        # Loaded here because it is an extra.
        import duckdb  # noqa: PLC0415

        try:
            yield
        except (duckdb.Error, ImportError, RuntimeError) as error:  # the last where rows were on their way
            self.damaged = self.damaged or any(word in str(error) for word in _DAMAGE)
            # Its words may hold a friend's values.
            raise CopyFailed(
                f"the copy of the friends could not answer: DuckDB ended with {type(error).__name__}",
                hint="run the same command again; if that happens again and again, delete it with "
                "'lineform friends copy --remove'",
            ) from None

    def close(self) -> None:
        self.duck.close()


def _batches(stream: Any) -> Iterator[list[Numbers]]:
    """The arrays are no copies: each is there until the next one is asked for."""
    np = _numpy()
    for batch in stream:
        # The first buffer would say which values are NULL.
        yield [np.asarray(one.buffer(1))[one.offset : one.offset + one.length] for one in batch.view().children]


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
