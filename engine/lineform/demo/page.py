"""The page at the end of the demo: the menus with their tap areas, the messages, and who received what."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from lineform.display.bubbles import ChatEntry
from lineform.display.gallery import chat_card, gallery, menu_card, table
from lineform.display.markup import Html, element, joined
from lineform.display.page import page_html
from lineform.model.address import Kind
from lineform.model.project import Client
from lineform.plural import plural
from lineform.ports.ledger import Send
from lineform.sending.status import BatchStatus

PHONES = 4
_CHANGING = re.compile(r"https://[^\s\"\\]+|\d+|（[月火水木金土日]）")

Delivery = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ShownMenu:
    """A live menu, what friends call it, and its image."""

    name: str
    menu: Mapping[str, Any]
    image: bytes


@dataclass(frozen=True, slots=True)
class ClientPage:
    """One client's part of the page."""

    client: Client
    menus: Sequence[ShownMenu]
    sends: Sequence[Send]
    deliveries: Sequence[Delivery]
    names: Mapping[str, str]
    """What friends call themselves, by user id."""
    friends: int
    blocked: int
    quota: str


def demo_page(parts: Sequence[ClientPage], since: datetime, until: datetime) -> str:
    """The whole page. Everything in it is invented; it needs no server and loads nothing."""
    title = "lineform demo"
    when = f"{since:%Y-%m-%d} – {until:%Y-%m-%d}"
    head = [
        element("h1", None, title),
        element("p", None, f"{when}, on the offline LINE account. All people are invented."),
    ]
    return page_html(title, joined([*head, *(_client(part) for part in parts)]))


def _client(part: ClientPage) -> Html:
    zone = ZoneInfo(part.client.timezone)
    facts = f"{part.friends} friends, {part.blocked} more who block the account · quota {part.quota}"
    reached = (
        f"{len(part.deliveries)} messages reached a phone. Fewer people are reached than meant: some block the account "
        "and only LINE knows it yet. It takes a message to them and delivers nothing."
    )
    menus = [menu_card(shown.name, (), shown.menu, shown.image) for shown in part.menus]
    return element(
        "section",
        None,
        element("h2", None, f"{part.client.spec.title} ({part.client.name})"),
        element("p", None, facts),
        element("p", None, reached),
        *([element("h3", None, "Rich menus"), gallery(*menus)] if menus else []),
        element("h3", None, "What was sent"),
        _sends(part, zone),
        element("h3", None, "How the messages look"),
        gallery(*_samples(part, zone)),
        element("h3", None, "On the phones of some friends"),
        gallery(*_phones(part, zone)),
        element("h3", None, "Who received what"),
        _matrix(part, zone),
    )


def _sends(part: ClientPage, zone: ZoneInfo) -> Html:
    rows = [
        (
            send.due_at.astimezone(zone).strftime("%m-%d %H:%M"),
            send.address,
            send.status.value,
            f"{send.recipients:,}",
            str(sum(send.batches.get(status, 0) for status in BatchStatus)),
            send.reason,
        )
        for send in _by_day(part.sends, zone)
    ]
    return table(("due", "what", "status", "people meant", "calls", "why"), rows)


def _by_day(sends: Sequence[Send], zone: ZoneInfo) -> list[Send]:
    """In order; what scenarios, replies and forms sent friend by friend is added up, a row for each day."""
    rows: dict[tuple[object, ...], Send] = {}
    for send in sorted(sends, key=lambda send: (send.due_at, send.address)):
        once = send.key if send.address.startswith(f"{Kind.CAMPAIGN}.") else send.due_at.astimezone(zone).date()
        key = (once, send.address, send.status, send.reason)
        if (known := rows.get(key)) is None:
            rows[key] = send
            continue
        calls = Counter(known.batches) + Counter(send.batches)
        rows[key] = replace(known, recipients=known.recipients + send.recipients, batches=calls)
    return list(rows.values())


@dataclass(slots=True)
class _Group:
    """Every delivery of one campaign at one moment."""

    first: Delivery
    users: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    bodies: set[str] = field(default_factory=set)

    def add(self, delivery: Delivery) -> None:
        self.users.append(delivery["user"])
        self.kinds.add(str(delivery["kind"]))
        self.bodies.add(json.dumps(delivery["messages"], sort_keys=True, ensure_ascii=False))

    def absorb(self, other: _Group) -> None:
        self.users += other.users
        self.kinds |= other.kinds
        self.bodies |= other.bodies

    def moment(self, zone: ZoneInfo) -> str:
        """When it was sent first."""
        return f"{_moment(self.first['time']).astimezone(zone):%m-%d %H:%M}"

    @property
    def title(self) -> str:
        """What the message says; one of them, where each friend may have read another name."""
        said = _spoken(self.first)
        return f"e.g. {said}" if len(self.bodies) > 1 else said

    @property
    def facts(self) -> str:
        count = len(self.bodies)
        alike = "all the same" if count == 1 else f"{count} different texts"
        return (
            f"{' and '.join(sorted(self.kinds))} · reached {plural(len(set(self.users)), 'person', 'people')} · {alike}"
        )


def _distinct(part: ClientPage) -> list[_Group]:
    """What was sent at one moment together, and the same messages at other moments, as each friend reaches a step."""
    groups: dict[str, _Group] = {}
    for delivery in part.deliveries:
        key = f"{delivery['time']}|{json.dumps(_shape(delivery['messages']), sort_keys=True)}"
        groups.setdefault(key, _Group(delivery)).add(delivery)
    alike: dict[frozenset[str], _Group] = {}
    for group in groups.values():
        if (known := alike.setdefault(frozenset(map(_plain, group.bodies)), group)) is not group:
            known.absorb(group)
    return list(alike.values())


def _shape(messages: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Messages without what differs from friend to friend: enough to tell one campaign from another at one moment."""
    return [
        (message.get("type"), message.get("altText"), len(str(message.get("contents", ""))), _ending(message))
        for message in messages
    ]


def _plain(body: str) -> str:
    """Messages as JSON without what differs from day to day: numbers, days of the week, addresses."""
    return _CHANGING.sub("", body)


def _ending(message: Mapping[str, Any]) -> str:
    """The last characters of a text. A friend's name mostly stands before them."""
    return _CHANGING.sub("", str(message.get("text", ""))).rstrip()[-8:]


def _samples(part: ClientPage, zone: ZoneInfo) -> list[Html]:
    name = part.client.spec.title
    return [chat_card(group.title, (group.facts,), _chat([group.first], zone), name=name) for group in _distinct(part)]


def _phones(part: ClientPage, zone: ZoneInfo) -> list[Html]:
    """The friends who received most: their whole chat."""
    counts: dict[str, list[Delivery]] = {}
    for delivery in part.deliveries:
        counts.setdefault(delivery["user"], []).append(delivery)
    busiest = sorted(counts.items(), key=lambda item: (-len(item[1]), item[0]))[:PHONES]
    return [
        chat_card(
            part.names.get(user, user),
            (f"received {len(deliveries)} times",),
            _chat(deliveries, zone),
            name=part.client.spec.title,
            tall=True,
        )
        for user, deliveries in busiest
    ]


def _chat(deliveries: Sequence[Delivery], zone: ZoneInfo) -> list[ChatEntry]:
    return [
        ChatEntry(_moment(delivery["time"]).astimezone(zone), message)
        for delivery in deliveries
        for message in delivery["messages"]
    ]


def _moment(text: Any) -> datetime:
    if isinstance(text, int | float):
        return datetime.fromtimestamp(text, UTC)
    return datetime.fromisoformat(str(text))


def _matrix(part: ClientPage, zone: ZoneInfo) -> Html:
    """A row for each friend, a column for each send, a dot where it arrived."""
    groups = _distinct(part)
    users = sorted({user for group in groups for user in group.users}, key=lambda user: part.names.get(user, user))
    got = [set(group.users) for group in groups]
    rows = [(part.names.get(user, user), *("●" if user in one else "" for one in got)) for user in users]
    legend = element("ol", None, *(element("li", None, f"{group.moment(zone)}: {group.title}") for group in groups))
    head = ("friend", *(str(number) for number in range(1, len(groups) + 1)))
    summary = element("summary", None, f"{len(users)} friends received something")
    return joined([legend, element("details", None, summary, table(head, rows, classes="lf-matrix"))])


def _spoken(delivery: Delivery) -> str:
    first = delivery["messages"][0]
    words = str(first.get("text") or first.get("altText") or f"[{first.get('type')}]").split("\n")[0]
    return words if len(words) <= 40 else words[:39] + "…"
