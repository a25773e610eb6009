"""Segments about what friends did, on the command line: counted and explained as of a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from lineform.ports.friends import EventRow
from lineform.store import open_store
from support.command_line import SALON, Run

OFFLINE = ("--client", SALON, "--sandbox")
HANAKO = "U00000000000000000000000000000001"
VISITED = datetime(2026, 10, 1, 3, tzinfo=UTC)
VISITS = "events:\n  visit: {fields: {menu: text}}\n"
LAPSED = """\
kind: segment
name: lapsed
where:
  all:
    - {event: visit, where: {menu: {is: カット}}}
    - {event: visit, within: 60d, count: 0}
"""


def test_a_segment_of_history_is_counted_and_explained_as_of_a_moment(applied: Path, run: Run) -> None:
    words = applied / "clients" / SALON / "attributes.yaml"
    text = words.read_text(encoding="utf-8")
    assert text.count("events:\n") == 1
    words.write_text(text.replace("events:\n", VISITS), encoding="utf-8")
    (applied / "clients" / SALON / "segments" / "lapsed.yaml").write_text(LAPSED, encoding="utf-8")
    (path,) = (one for one in (applied / ".lineform").glob("*.db") if one.name != "sandbox.db")
    with open_store(f"sqlite:///{path}") as store:
        store.add_events(SALON, [EventRow(HANAKO, "visit", "v1", VISITED, {"menu": "カット"})], VISITED)

    for now, count in (("2026-11-30T11:50", 0), ("2026-11-30T12:01", 1), ("2026-10-01T11:59", 0)):
        data = run("segments", "count", "lapsed", "--now", now, "--format", "json", *OFFLINE).data
        assert data["segments"] == {"lapsed": count}, now
    told = run("segments", "explain", "lapsed", "--friend", HANAKO, "--now", "2026-12-24T12:00", *OFFLINE)
    assert told.code == 0
    assert told.out.splitlines() == [
        f"{HANAKO} is in lapsed of {SALON}",
        "  ✓ all of",
        "    ✓ visit where menu is カット: at least 1 time (1 × visit, 2026-10-01 12:00)",
        "    ✓ visit within 60d: never (no such visit)",
    ]
    before = run("segments", "explain", "lapsed", "--friend", HANAKO, "--now", "2026-10-24T12:00", *OFFLINE)
    assert f"{HANAKO} is not in lapsed" in before.out
    assert VISITED + timedelta(days=60) == datetime(2026, 11, 30, 3, tzinfo=UTC)
