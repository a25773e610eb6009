"""How long it takes to find everybody whose rich menu should be another one.

    make bench NAME=menus                    # 1,000,000 friends on SQLite
    SIZE=50000 make bench NAME=menus
    STORE=postgresql://… make bench NAME=menus   # into an empty database

Three rules: the birthday month, three purchases within 90 days, a tag. Asked are the first look at everybody (who is to
get a menu), the usual one (nobody is), the one at the end of a month, and the numbers of a plan; and, in the same run,
the two forms of the same SQL that were not taken.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from lineform.ports.menus import Linking
from lineform.ports.store import FriendRow
from lineform.scenarios.menus import MenuRules, Rule, decide, tally
from lineform.segments.predicate import Anniversary, Count, Happened, HasTag
from lineform.store import menus as menus_sql
from lineform.store import open_store
from lineform.store.tables import event_types, events, friend_tags, friends, line_ids, tags

SIZE = int(os.environ.get("SIZE", "1000000"))
NOW = datetime(2027, 5, 15, 3, tzinfo=UTC)
JUNE = datetime(2027, 6, 1, 3, tzinfo=UTC)
ACCOUNT = "salon"
RULES = MenuRules(
    "menu-rules.rules",
    "d1",
    (
        Rule(Anniversary("birthday", "this_month", "Asia/Tokyo"), "birthday"),
        Rule(Happened("purchase", (), 90 * 86400, None, Count("at_least", (3,))), "regulars"),
        Rule(HasTag("vip"), "vip"),
    ),
    tabs={name: frozenset({name}) for name in ("", "birthday", "regulars", "vip")},
)
PART = 20_000


def rows(draw: random.Random, start: int, count: int, account_id: int) -> Iterator[tuple[dict[str, Any], int, bool]]:
    """Friends, how often they bought lately, and whether they are tagged."""
    for number in range(start, start + count):
        attributes = {"visits": draw.randint(0, 20)}
        if draw.random() < 0.7:
            attributes["birthday"] = f"{draw.randint(1960, 2008)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        friend = {
            "id": number, "account_id": account_id, "display_name": f"F{number}", "language": "ja",
            "followed_at": NOW - timedelta(days=draw.randint(1, 900)), "blocked": draw.random() < 0.2,
            "attributes": attributes, "changed_at": NOW, "first_followed_at": None, "first_route": "",
            "last_route": "", "member_id": "",
        }  # fmt: skip
        yield friend, draw.choice((0, 0, 0, 1, 2, 3, 4)), draw.random() < 0.05


def fill(store: Any) -> None:
    """Everybody, through the tables themselves: an import is measured elsewhere."""
    store.import_friends(ACCOUNT, [FriendRow("U" + "f" * 32, "first", tags=("vip",))], NOW)
    draw = random.Random(14)
    with store.writing() as connection:
        account_id = store.account_id(connection, ACCOUNT)
        vip = connection.execute(sa.select(tags.c.id)).scalar_one()
        kind = connection.execute(
            sa.insert(event_types).values(account_id=account_id, name="purchase").returning(event_types.c.id)
        ).scalar_one()
    made = 0
    for start in range(2, SIZE + 1, PART):
        part = list(rows(draw, start, min(PART, SIZE + 1 - start), account_id))
        bought = []
        for friend, times, _ in part:
            for _ in range(times):
                made += 1
                at = NOW - timedelta(days=draw.randint(0, 150))
                bought.append({"type_id": kind, "friend_id": friend["id"], "at": at, "key": str(made), "fields": {}})
        with store.writing() as connection:
            connection.execute(sa.insert(friends), [friend for friend, _, _ in part])
            ids = [{"friend_id": f["id"], "account_id": account_id, "user_id": f"U{f['id']:032x}"} for f, _, _ in part]
            connection.execute(sa.insert(line_ids), ids)
            tagged = [{"tag_id": vip, "friend_id": f["id"], "tagged_at": NOW} for f, _, has in part if has]
            connection.execute(sa.insert(friend_tags), tagged)
            if bought:
                connection.execute(sa.insert(events), bought)
    if store.postgres:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("ANALYZE"))


def timed(work: Callable[[], Any], tries: int = 3) -> tuple[float, Any]:
    """The best of a few, in seconds."""
    best, found = 1e9, None
    for _ in range(tries):
        began = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - began)
    return best, found


def look(store: Any, now: datetime) -> int:
    """How many friends are to get another menu."""
    found = 0
    for _, rule, shown in store.menu_changes(ACCOUNT, RULES, now):
        found += decide(RULES, RULES.menu_of(rule), shown, now) is not None
    return found


def record_all(store: Any, now: datetime) -> None:
    """As if everybody had been linked."""
    part: dict[Any, list[int]] = {}
    for friend, rule, shown in list(store.menu_changes(ACCOUNT, RULES, now)):
        choice = decide(RULES, RULES.menu_of(rule), shown, now)
        if choice is not None:
            part.setdefault(choice, []).append(friend)
    for choice, ids in part.items():
        for start in range(0, len(ids), PART):
            piece = ids[start : start + PART]
            store.intend_menus(ACCOUNT, [Linking(choice, piece)], "bench", now)
            store.confirm_menus(ACCOUNT, piece, "bench")


def other_forms(store: Any, now: datetime) -> dict[str, float]:
    """The same question with the CASE inlined by the database, and with it written down first."""
    taken = menus_sql.chosen_of

    def inlined(rules: MenuRules, asked: Any) -> Any:
        chosen = taken(rules, asked)
        return chosen.element.offset(None).subquery("chosen")

    def kept(rules: MenuRules, asked: Any) -> Any:
        return taken(rules, asked).element.offset(None).cte("chosen").prefix_with("MATERIALIZED")

    found = {}
    for name, form in (("inlined", inlined), ("materialised", kept)):
        menus_sql.chosen_of = form
        try:
            found[name] = timed(lambda: look(store, now))[0]
        finally:
            menus_sql.chosen_of = taken
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("STORE", f"sqlite:///{Path(folder)}/menus.db")
        with open_store(url) as store:
            store.migrate()
            fill(store)
            seconds: dict[str, float] = {}
            seconds["first look"], first = timed(lambda: look(store, NOW))
            record_all(store, NOW)
            seconds["nobody changes"], _ = timed(lambda: look(store, NOW))
            seconds["the month ends"], changed = timed(lambda: look(store, JUNE))
            seconds["numbers of a plan"], counts = timed(
                lambda: tally(RULES, store.menu_groups(ACCOUNT, RULES, JUNE), JUNE)
            )
            forms = other_forms(store, NOW)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{SIZE:,} friends, {sum(one.friends for one in counts):,} of whom can be reached; best of three, in seconds")
    for name, value in seconds.items():
        print(f"  {name:<24} {value:8.2f}")
    for name, value in forms.items():
        print(f"  nobody changes, {name:<13} {value:4.2f}   ({value / seconds['nobody changes']:.1f} × the form taken)")
    print(f"  first {first:,} friends get a menu; {changed:,} change at the month's end; peak {peak} MB")
    figures = {"size": SIZE, "seconds": {k: round(v, 3) for k, v in seconds.items()}, "peak_mb": peak}
    figures["forms"] = {name: round(value / seconds["nobody changes"], 2) for name, value in forms.items()}
    print(json.dumps(figures))


if __name__ == "__main__":
    sys.exit(main())
