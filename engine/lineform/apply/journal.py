"""What an apply writes into the audit log, and what the next one reads there.

The account itself tells everything but one thing: whether the friends of a replaced menu were moved. So that is noted
before the first alias moves and after the batch succeeded. Where no log is to be had, they are moved at the end of
the grace.
"""

from __future__ import annotations

from collections.abc import Iterable

from lineform.ports.audit import AuditEntry

START = "apply.start"
STEP = "apply.step"
DONE = "apply.done"
MOVE_DUE = "move.due"
MOVE_DONE = "move.done"
READ_BACK = 2000
"""How many notes are looked at for an unfinished move."""


def unmoved(notes: Iterable[AuditEntry]) -> frozenset[str]:
    """Ids of replaced menus whose friends an apply was about to move and did not, for `make_plan`.

    One move is one note about one menu, so the order of the notes makes no difference.
    """
    due: set[str] = set()
    done: set[str] = set()
    for note in notes:
        if note.action == MOVE_DUE:
            due.add(note.subject)
        elif note.action == MOVE_DONE:
            done.add(note.subject)
    return frozenset(due - done)


def applied_before(notes: Iterable[AuditEntry], plan_id: str) -> AuditEntry | None:
    """The note of an apply that finished this very plan file."""
    return next((note for note in notes if note.action == DONE and note.subject == plan_id), None)
