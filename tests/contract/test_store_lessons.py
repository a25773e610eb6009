"""What goes together is learned once an hour, however often somebody is recommended something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lineform.ports.friends import EventRow, FriendRow
from lineform.ports.store import Store
from lineform.run.lessons import KEPT, lessons_of
from lineform.sending.recommend import Recommending

NOW = datetime(2026, 12, 1, 3, tzinfo=UTC)
RULE = Recommending("purchase", "item", timedelta(days=365), "", 3, False, "popular", {})
FEED = Recommending("", "", timedelta(), "picks", 3, False, "listed", {})
USERS = ["U" + str(number) * 32 for number in range(3)]


def bought(store: Store, user: str, item: str) -> None:
    store.add_events("salon", [EventRow(user, "purchase", f"{user[1]}{item}", NOW, {"item": item})], NOW)


def test_what_goes_together_is_learned_anew_after_an_hour(store: Store) -> None:
    store.import_friends("salon", [FriendRow(user) for user in USERS], NOW)
    bought(store, USERS[0], "tea")
    lessons = lessons_of(store)

    def popular(after: timedelta) -> tuple[str, ...]:
        with store.together("salon") as within:
            return lessons.of(within, "salon", RULE, ["tea", "cup"], NOW + after).popular

    assert popular(timedelta()) == ("tea",)
    bought(store, USERS[1], "cup")
    bought(store, USERS[2], "cup")
    assert popular(KEPT - timedelta(seconds=1)) == ("tea",)
    assert popular(KEPT) == ("cup", "tea")
    assert popular(timedelta()) == ("cup", "tea")  # a clock that was set back learns anew
    assert lessons_of(store) is lessons


def test_what_a_feed_names_has_nothing_to_learn(store: Store) -> None:
    assert lessons_of(store).of(store, "salon", FEED, ["tea"], NOW).popular == ()
