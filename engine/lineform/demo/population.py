"""A few hundred invented friends for each client of the reference workspace. Same seed, same people."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lineform.model.attributes import AttributeSpec
from lineform.ports.friends import FriendRow
from lineform.segments.declared import Declared
from lineform.segments.friend import Value

FAMILY = (
    *("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "吉田"),
    *("山田", "佐々木", "山口", "松本", "井上", "木村", "林", "斎藤", "清水", "森", "阿部"),
)
GIVEN = (
    *("陽葵", "凛", "結菜", "芽依", "美咲", "さくら", "葵", "莉子", "美月", "花", "恵子", "由美子"),
    *("翔太", "蓮", "大翔", "湊", "悠真", "樹", "朝陽", "健太", "直樹", "大輔", "和也"),
)
NEWCOMERS = 5
"""People who become friends in the days of the demo."""
NICKNAMES = ("{given}", "{given}🌸", "{family}{given}", "{given}ママ", "🐶{given}", "{family} {given}", "({given})")


@dataclass(frozen=True, slots=True)
class Person:
    """One invented friend: what our store may know, and what only LINE knows."""

    row: FriendRow
    gender: str
    age: int
    blocked: bool


Traits = tuple[Mapping[str, Value], tuple[str, ...]]


def user_id(client: str, number: int) -> str:
    """A stable LINE user id."""
    return "U" + hashlib.sha256(f"{client}/{number}".encode()).hexdigest()[:32]


def _salon(draw: random.Random) -> Traits:
    attributes: dict[str, Value] = {}
    if draw.random() < 0.7:
        month, day = draw.randint(1, 12), draw.randint(1, 28)
        attributes["birthday"] = f"{draw.randint(1960, 2008)}-{month:02}-{day:02}"
        attributes["birth_month"] = month
    visits = min(int(draw.expovariate(1 / 4)), 40)
    attributes["visits"] = visits
    if draw.random() < 0.6:
        attributes["has_children"] = draw.random() < 0.4
    return attributes, ("regular",) if visits >= 6 and draw.random() < 0.8 else ()


def _school(draw: random.Random) -> Traits:
    role = "guardian" if draw.random() < 0.6 else "student"
    level = draw.choices(("primary", "junior", "high"), (4, 5, 3))[0]
    subjects = ("国語", "算数", "英語", "理科") if level == "primary" else ("国語", "数学", "英語", "理科", "社会")
    attributes: dict[str, Value] = {
        "role": role,
        "level": level,
        "subjects": tuple(sorted(draw.sample(subjects, draw.randint(1, 3)))),
        "weekdays": tuple(sorted(draw.sample("月火水木金土", draw.randint(1, 3)))),
    }
    if draw.random() < 0.9:
        attributes["pupil"] = draw.choice(GIVEN)
    return attributes, ()


TRAITS: Mapping[str, Callable[[random.Random], Traits]] = {"aoba-salon": _salon, "kita-juku": _school}
"""Who the friends of the reference workspace's clients are. Friends of any other client are drawn from its declared
attributes."""


def _declared(draw: random.Random, words: Declared) -> Traits:
    known: dict[str, Value] = {}
    for name, spec in words.attributes.items():
        if draw.random() < 0.8:
            known[name] = any_value(draw, spec)
    return known, tuple(sorted(tag for tag in words.tags if draw.random() < 0.2))


def any_value(draw: random.Random, spec: AttributeSpec) -> Value:
    """A value of this type that people could have given."""
    match spec.type:
        case "enum":
            return draw.choice(spec.values)
        case "set":
            return tuple(sorted(draw.sample(spec.values, draw.randint(1, len(spec.values)))))
        case "number":
            return draw.randint(0, 20)
        case "bool":
            return draw.random() < 0.5
        case "date":
            return f"{draw.randint(1960, 2008)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        case "text":
            return draw.choice(GIVEN)


@dataclass(frozen=True, slots=True)
class Town:
    """Everybody who is a friend of one client, and who will be."""

    client: str
    people: tuple[Person, ...] = field(repr=False)
    newcomers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """People who do not know the account yet: what they call themselves, by user id."""

    @property
    def rows(self) -> list[FriendRow]:
        return [person.row for person in self.people]


def populate(
    client: str, words: Declared, count: int, since: datetime, seed: int = 20261201, *, members: bool = False
) -> Town:
    """`count` friends of `client` who followed in the year before `since`; where there are `members`, some are linked
    to one. `words` is what the client declares."""
    draw = random.Random(f"{seed}/{client}")  # noqa: S311 - invented people, no secret
    people = tuple(_person(client, words, number, draw, since, members=members) for number in range(count))
    return Town(client, people, {user_id(client, count + number): _nickname(draw) for number in range(NEWCOMERS)})


def _nickname(draw: random.Random) -> str:
    return draw.choice(NICKNAMES).format(family=draw.choice(FAMILY), given=draw.choice(GIVEN))


def _person(
    client: str, words: Declared, number: int, draw: random.Random, since: datetime, *, members: bool
) -> Person:
    family, given = draw.choice(FAMILY), draw.choice(GIVEN)
    attributes, tags = TRAITS[client](draw) if client in TRAITS else _declared(draw, words)
    known = dict(attributes)
    if "name" in words.attributes and draw.random() < 0.85:
        known["name"] = family
    if "opted-out" in words.tags and draw.random() < 0.04:
        tags = tuple(sorted({*tags, "opted-out"}))
    blocked = draw.random() < 0.06
    member = str(draw.randint(20_000_000, 29_999_999)) if members and draw.random() < 0.4 else None
    row = FriendRow(
        user_id=user_id(client, number),
        display_name=draw.choice(NICKNAMES).format(family=family, given=given),
        language="ja",
        followed_at=(since - timedelta(minutes=draw.randint(60, 365 * 24 * 60))).astimezone(UTC),
        # Of some who block, only LINE knows it yet: it takes what is sent to them and delivers nothing.
        blocked=blocked and draw.random() < 0.7,
        attributes=known,
        tags=tags,
        member_id=member,
    )
    return Person(row, draw.choice(("female", "male")), draw.randint(15, 70), blocked)
