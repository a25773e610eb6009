"""How soon a process that died is followed by another."""

from __future__ import annotations

from lineform.serve.processes import LIVED, LONGEST_PAUSE, pause_after


def test_one_that_dies_is_followed_at_once_and_those_that_die_at_once_ever_later() -> None:
    failures, pauses = 0, []
    for _ in range(8):
        failures, pause = pause_after(failures, lived=0.5)
        pauses.append(pause)
    assert pauses == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE, LONGEST_PAUSE]
    assert pause_after(failures, lived=LIVED) == (0, 0.0)
