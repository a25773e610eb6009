"""Rules about everybody come out of few questions, each in the form that is found fastest."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lineform.segments.ids import IdSet
from lineform.segments.predicate import (
    EVERYONE,
    All,
    AttributeIs,
    Count,
    Happened,
    HasTag,
    InSource,
    IsMember,
    Maybe,
    Not,
    Predicate,
    Source,
    SourceTable,
)
from lineform.segments.predicate import Any as AnyOf
from lineform.segments.sets import leaves_out, left_out, number_of, overlap, selected_by, sort

VIP, NEW, OLD = HasTag("vip"), HasTag("new"), HasTag("old")
LATELY = HasTag("vip", lasts=86_400)
GOLD = AttributeIs("tier", "enum", "is", ("gold",))
BOUGHT = Happened("purchase", (), None, None, Count("at_least", (1,)))
NEVER = Happened("purchase", (), None, None, Count("is", (0,)))
ELSEWHERE = InSource(Source("shop", "URL", "", "user_id", "Asia/Tokyo", SourceTable("t", "k", ())), GOLD)


class Asked:
    """Ten friends; odd ones are `new`, one to four are `vip`, and whatever else is asked finds the first three."""

    def __init__(self, *, apart: bool = False) -> None:
        self.apart = apart
        self.tags: list[str] = []
        self.selects: list[Predicate] = []
        self.together: list[int] = []

    def everybody(self) -> IdSet:
        return IdSet.of(range(1, 11))

    def blocked(self) -> IdSet:
        return IdSet.of((11,))

    def tagged(self, *tags: str) -> IdSet:
        self.tags.append(" or ".join(tags))
        # Who blocks the account, number eleven, has their tags still.
        having: dict[str, tuple[int, ...]] = {"vip": (1, 2, 3, 4, 11), "new": (1, 3, 5, 7, 9, 11)}
        return IdSet.of(sorted({friend for tag in tags for friend in having.get(tag, ())}))

    def did(self, leaf: Happened) -> IdSet:
        return self.selected(leaf)

    def selected_each(self, predicates: Sequence[Predicate]) -> list[IdSet]:
        self.together.append(len(predicates))
        return [self.selected(one) for one in predicates]

    def selected(self, predicate: Predicate) -> IdSet:
        self.selects.append(predicate)
        return IdSet.of((1, 2, 3))

    def number(self, predicate: Predicate) -> int:
        return 10 if predicate == EVERYONE else len(self.selected(predicate))


@pytest.fixture
def asked() -> Asked:
    return Asked()


def true(predicate: Predicate, asked: Asked) -> list[int]:
    return list(overlap([predicate], asked).get(1, ()))


@pytest.mark.parametrize(
    ("predicate", "found"),
    [
        (VIP, [1, 2, 3, 4]),
        (Not(VIP), [5, 6, 7, 8, 9, 10]),
        (AnyOf((VIP, NEW)), [1, 2, 3, 4, 5, 7, 9]),
        (All((VIP, NEW)), [1, 3]),
        (All((VIP, Not(NEW))), [2, 4]),
        (Not(AnyOf((VIP, NEW))), [6, 8, 10]),
        (Not(All((VIP, Not(OLD)))), [5, 6, 7, 8, 9, 10]),
        (EVERYONE, [*range(1, 11)]),
        (Not(EVERYONE), []),
        (Maybe(Not(VIP)), [5, 6, 7, 8, 9, 10]),
    ],
)
def test_what_is_about_tags_alone_needs_no_select(asked: Asked, predicate: Predicate, found: list[int]) -> None:
    assert true(predicate, asked) == found
    assert asked.selects == []


@pytest.mark.parametrize(
    ("predicate", "selects", "found"),
    [
        (GOLD, [GOLD], [1, 2, 3]),
        (Not(GOLD), [Not(GOLD)], [1, 2, 3]),  # whose tier is not known is neither
        (Maybe(GOLD), [Maybe(GOLD)], [1, 2, 3]),
        (ELSEWHERE, [ELSEWHERE], [1, 2, 3]),
        (Not(ELSEWHERE), [Not(ELSEWHERE)], [1, 2, 3]),
        (BOUGHT, [BOUGHT], [1, 2, 3]),
        (Not(BOUGHT), [BOUGHT], [4, 5, 6, 7, 8, 9, 10]),
        (NEVER, [NEVER], [4, 5, 6, 7, 8, 9, 10]),
        (Not(NEVER), [NEVER], [1, 2, 3]),
        (LATELY, [LATELY], [1, 2, 3]),
        (Not(LATELY), [LATELY], [4, 5, 6, 7, 8, 9, 10]),
        (All((GOLD, VIP)), [All((GOLD, VIP))], [1, 2, 3]),
        (AnyOf((GOLD, NEW, IsMember())), [AnyOf((GOLD, IsMember()))], [1, 2, 3, 5, 7, 9]),
        (AnyOf((BOUGHT, All((GOLD, VIP)), NEW)), [BOUGHT, All((GOLD, VIP))], [1, 2, 3, 5, 7, 9]),
    ],
)
def test_what_else_is_asked_is_one_select_for_each_part_that_is_found_apart(
    asked: Asked, predicate: Predicate, selects: list[Predicate], found: list[int]
) -> None:
    assert true(predicate, asked) == found
    assert asked.selects == selects


def test_the_first_rule_that_holds_takes_a_friend(asked: Asked) -> None:
    found = {place: list(ids) for place, ids in sort([VIP, OLD, AnyOf((NEW, VIP))], asked)}
    assert found == {0: [1, 2, 3, 4], 2: [5, 7, 9], 3: [6, 8, 10]}


def test_what_several_rules_ask_is_asked_once(asked: Asked) -> None:
    rules: list[Predicate] = [
        All((VIP, GOLD)),
        All((NEW, GOLD)),
        AnyOf((All((OLD, GOLD)), BOUGHT)),
        All((GOLD, BOUGHT, OLD)),
        BOUGHT,
    ]
    assert [place for place, _ in sort(rules, asked)] == [0, 5]
    assert asked.selects == [All((GOLD,)), BOUGHT, All((BOUGHT, OLD))]


def test_what_is_about_rows_alone_is_asked_together_a_few_at_a_time(asked: Asked) -> None:
    rows = [AttributeIs("visits", "number", "is", (n,)) for n in range(20)]
    rules: list[Predicate] = [*rows[:6], VIP, EVERYONE, *rows[6:], rows[0], AnyOf((rows[1], GOLD))]
    assert list(overlap(rules, asked).values())
    assert asked.together == [16, 5]
    assert asked.selects == [*rows, AnyOf((rows[1], GOLD))]


def test_of_rules_without_number_only_the_last_sets_are_kept(asked: Asked) -> None:
    names = [f"tag-{n}" for n in range(100)]
    list(sort([*map(HasTag, names), HasTag("tag-99"), HasTag("tag-0")], asked))
    assert asked.tags == [*names, "tag-0"]


def test_where_nobody_is_left_no_further_rule_is_asked(asked: Asked) -> None:
    assert [place for place, _ in sort([NEW, Not(NEW), GOLD], asked)] == [0, 1]
    assert asked.selects == []


def test_without_rules_everybody_is_left() -> None:
    assert [(place, len(ids)) for place, ids in sort([], Asked())] == [(0, 10)]


def test_an_overlap_tells_every_combination_of_somebody(asked: Asked) -> None:
    found = {bits: list(ids) for bits, ids in overlap([VIP, NEW, OLD], asked).items()}
    assert found == {1: [2, 4], 2: [5, 7, 9], 3: [1, 3]}


@pytest.mark.parametrize("predicate", [NEVER, Not(BOUGHT), Not(VIP), All((NEVER, Not(AnyOf((VIP, BOUGHT)))))])
def test_whom_a_predicate_leaves_out_is_taken_from_everybody(asked: Asked, predicate: Predicate) -> None:
    assert leaves_out(predicate)
    selected = set(selected_by(predicate, asked))
    others = {1, 2, 3} | ({4} if "vip" in asked.tags else set())
    assert selected == {*range(1, 11)} - others
    assert set(left_out(predicate, asked)) == others
    assert number_of(predicate, asked) == len(selected)


@pytest.mark.parametrize(
    "predicate",
    [
        VIP,
        BOUGHT,
        Not(NEVER),
        All((VIP, Not(NEW))),
        All((GOLD, NEVER)),
        AnyOf((NEVER, Not(VIP))),
        Not(GOLD),
        EVERYONE,
        AnyOf(()),
    ],
)
def test_any_other_is_one_select(asked: Asked, predicate: Predicate) -> None:
    assert not leaves_out(predicate)
    assert list(selected_by(predicate, asked)) == [1, 2, 3]
    assert asked.selects == [predicate]


@pytest.mark.parametrize(
    ("predicate", "found"),
    [
        (AnyOf((VIP, OLD, NEW)), [1, 2, 3, 4, 5, 7, 9]),
        (Not(AnyOf((VIP, OLD, NEW))), [6, 8, 10]),
        (All((Not(VIP), Not(AnyOf((VIP, OLD, NEW))))), [6, 8, 10]),
        (AnyOf((VIP, BOUGHT, NEW, OLD)), [1, 2, 3, 4, 5, 7, 9]),
    ],
)
def test_several_tags_are_one_set_where_rows_are_asked_apart(predicate: Predicate, found: list[int]) -> None:
    asked = Asked(apart=True)
    assert list(selected_by(predicate, asked)) == found
    assert len([tags for tags in asked.tags if " or " in tags]) == 1
    assert not {"new", "old"} & set(asked.tags)


@pytest.mark.parametrize(
    ("predicate", "selects", "found"),
    [
        (GOLD, [GOLD], [1, 2, 3]),
        (Not(All((GOLD, Maybe(IsMember())))), [Not(All((GOLD, Maybe(IsMember()))))], [1, 2, 3]),
        (VIP, [], [1, 2, 3, 4]),  # number eleven has the tag, and blocks the account
        (LATELY, [LATELY], [1, 2, 3]),
        (All((GOLD, VIP, IsMember(), BOUGHT)), [All((GOLD, IsMember())), BOUGHT], [1, 2, 3]),
        (All((GOLD, OLD, BOUGHT)), [All((GOLD,))], []),  # of nobody nothing more is asked
        (All((GOLD, Not(NEW))), [All((GOLD,))], [2]),
        (AnyOf((GOLD, NEW)), [AnyOf((GOLD,))], [1, 2, 3, 5, 7, 9]),
        (Maybe(All((GOLD, VIP))), [AnyOf((Not(GOLD),))], [4]),
        (Not(All((GOLD, VIP))), [AnyOf((Not(GOLD),))], [1, 2, 3, 5, 6, 7, 8, 9, 10]),
        (Not(AnyOf((GOLD, NEW))), [All((Not(GOLD),))], [2]),
        (Not(Not(AnyOf((GOLD, NEW)))), [AnyOf((GOLD,))], [1, 2, 3, 5, 7, 9]),
        (Not(Maybe(All((GOLD, VIP)))), [AnyOf((Not(GOLD),))], [1, 2, 3, 5, 6, 7, 8, 9, 10]),
        (All((ELSEWHERE, GOLD)), [All((GOLD,)), ELSEWHERE], [1, 2, 3]),
        (Not(All((ELSEWHERE, VIP))), [Not(ELSEWHERE)], [1, 2, 3, 5, 6, 7, 8, 9, 10]),
    ],
)
def test_where_rows_are_asked_apart_everything_else_follows_from_sets(
    predicate: Predicate, selects: list[Predicate], found: list[int]
) -> None:
    asked = Asked(apart=True)
    assert list(selected_by(predicate, asked)) == found
    assert asked.selects == selects
    assert number_of(predicate, Asked(apart=True)) == len(found)
