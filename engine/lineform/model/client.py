"""``kind: client`` and ``kind: project``: whose account it is, and what all clients share."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from lineform.model.attributes import WordName
from lineform.model.base import Duration, Name, Part, Spec
from lineform.model.schedule import Day, TimeZone


class EnvReference(Part):
    """A secret by the name of its environment variable. A secret itself is never written in a file."""

    env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]


class Uses(Part):
    """Which shared resources a client takes, by name; ``*`` matches any characters."""

    campaigns: Annotated[tuple[str, ...], Field(strict=False)] = ()
    scenarios: Annotated[tuple[str, ...], Field(strict=False)] = ()
    segments: Annotated[tuple[str, ...], Field(strict=False)] = ("*",)
    audiences: Annotated[tuple[str, ...], Field(strict=False)] = ("*",)
    richmenus: Annotated[tuple[str, ...], Field(strict=False)] = ()
    menu_rules: Annotated[tuple[str, ...], Field(strict=False)] = ()
    replies: Annotated[tuple[str, ...], Field(strict=False)] = ()
    forms: Annotated[tuple[str, ...], Field(strict=False)] = ()
    routes: Annotated[tuple[str, ...], Field(strict=False)] = ()
    attributes: Annotated[tuple[str, ...], Field(strict=False)] = ("*",)
    codes: Annotated[tuple[str, ...], Field(strict=False)] = ("*",)
    recommendations: Annotated[tuple[str, ...], Field(strict=False)] = ("*",)
    coupons: Annotated[tuple[str, ...], Field(strict=False)] = ()


def _two_times(value: str) -> str:
    start, _, end = value.partition("-")
    if start == end:
        raise ValueError("begins when it ends: write two different times, such as 21:00-09:00")
    return value


_HOUR = "([01][0-9]|2[0-3]):[0-5][0-9]"
QuietHours = Annotated[str, Field(pattern=f"^{_HOUR}-{_HOUR}$", examples=["21:00-09:00"]), AfterValidator(_two_times)]
"""From a wall-clock time up to, not including, another one; over midnight where the second is the earlier."""


def _in_order(value: str) -> str:
    start, _, end = value.partition("-")
    if start >= end:
        raise ValueError("ends before it begins: write two windows where it goes over midnight")
    return value


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DayHours = Annotated[str, Field(pattern=f"^{_HOUR}-{_HOUR}$", examples=["10:00-18:00"]), AfterValidator(_in_order)]


class OpenWindow(Part):
    """Hours of some days of the week in which sends may be made."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1, strict=False)] = WEEK
    hours: DayHours


class ClosedDays(Part):
    """Days on which nothing is sent, the last one included."""

    starts: Day
    ends: Day

    @model_validator(mode="after")
    def _order(self) -> ClosedDays:
        if self.ends < self.starts:
            raise ValueError("ends before it starts")
        return self


class Windows(Part):
    """When sends may be made at all, in the client's time zone. What is due at another time is sent when one opens, if
    it may be so late."""

    allow: Annotated[tuple[OpenWindow, ...], Field(strict=False)] = ()
    """Sends are made in one of these; at any time where there are none."""
    deny: Annotated[tuple[ClosedDays, ...], Field(strict=False)] = ()
    """And never on these days."""


class PerFriend(Part):
    """How much one friend is sent. Counted over every send but replies; what LINE chose (narrowcasts) is not known."""

    week: Annotated[int, Field(ge=1, le=200)] | None = None
    """At most this many sends within any seven days."""
    gap: Duration | None = None
    """At least this much time between two sends."""
    same_body: Duration = timedelta(days=1)
    """The same messages are not sent again within this time. A recurring campaign may repeat itself."""


class Limits(Part):
    """Hard limits, checked before a send starts."""

    monthly_messages: Annotated[int, Field(ge=0)] | None = None
    """At most this many messages (recipients) in a calendar month in Japan."""
    monthly_yen: Annotated[int, Field(ge=0)] | None = None
    """At most this many yen for messages beyond those that the plan includes. Needs `plan`."""
    max_recipients: Annotated[int, Field(ge=1)] | None = None
    """At most this many friends in one send."""
    tested_above: Annotated[int, Field(ge=0)] | None = None
    """A send to more friends than this needs an earlier `lineform send --test` of the same revision."""
    first_send: Annotated[int, Field(ge=1)] | None = None
    """The first campaign that this client ever sends reaches at most this many friends."""
    per_friend: PerFriend | None = None
    """Friends who would be sent too much are left out, or wait: `capped` in a campaign."""
    quiet: QuietHours | None = None
    """When nobody is disturbed, in the client's time zone: what is due then is sent when it ends."""
    windows: Windows | None = None
    """Days and hours in which sends may be made; like quiet hours, `quiet_hours: send` of a campaign overrides them."""


class PricePlan(Part):
    """What LINE charges for messages: https://www.lycbiz.com/jp/service/line-official-account/plan/"""

    included: Annotated[int, Field(ge=0)]
    """Messages a month that cost nothing more."""
    yen_per_message: Annotated[float, Field(ge=0, strict=False)] = 0.0
    """Yen for each message beyond those."""


class WebhookSpec(Part):
    """A system of the business that is told what happens, by ``call``. Nothing else is ever called."""

    url: Annotated[str, Field(pattern=r"^https://[^\s/@?#]+(/[^\s#]*)?$", max_length=2000)]
    """Where it listens: https, at an address that the whole internet can reach."""
    key: EnvReference
    """The secret with which each call is signed."""


class ClientLinks(Part):
    """Where links whose taps are recorded lead through: an address of the business at which ``lineform serve``
    answers."""

    base: Annotated[str, Field(pattern=r"^https://[a-z0-9.-]+(:\d{1,5})?$", examples=["https://go.example.jp"])]
    """The scheme and host, without a path."""
    key: EnvReference
    """The secret that signs them, of at least 16 characters."""
    old_keys: Annotated[tuple[EnvReference, ...], Field(strict=False, max_length=10)] = ()
    """Earlier keys: links that they signed still lead on."""


LiffId = Annotated[str, Field(pattern=r"^[0-9]{10}-[A-Za-z0-9]{4,20}$", examples=["1234567890-AbcdEfgh"])]


class Entry(Part):
    """How it is told by which route somebody comes: LINE's own event of a follow does not say it. Exactly one of `liff`
    and `basic_id`."""

    liff: LiffId | None = None
    """The LIFF app whose endpoint is ``…/liff/<client>`` of `lineform serve`: LINE Login tells who opens it, friend or
    not. Its scopes must hold openid."""
    basic_id: Annotated[str, Field(pattern=r"^@[a-z0-9._-]{1,20}$", examples=["@aoba"])] | None = None
    """The account's id: the page writes a text with a code into the chat, and the friend sends it."""
    text: Annotated[str, Field(min_length=1, max_length=100)] = "友だち登録をしました。このまま送信してください。"
    """What stands before the code in that text."""

    @model_validator(mode="after")
    def _one(self) -> Entry:
        if (self.liff is None) == (self.basic_id is None):
            raise ValueError("needs exactly one of liff and basic_id")
        return self


class Membership(Part):
    """How friends are linked to members of the business, by LINE's account link."""

    login: Annotated[str, Field(pattern=r"^https://[^\s#]+$", max_length=500)]
    """The business's own page that logs a member in. It is opened with ``linkToken`` and leads on to LINE with a nonce
    that `lineform serve` gave it (``POST /link/<client>``)."""


class ClientSpec(Spec):
    """One LINE Official Account."""

    kind: Literal["client"]
    title: str
    """The name that friends read; `client.title` in templates."""
    bot: Annotated[str, Field(pattern=r"^U[0-9a-f]{32}$")]
    """The bot's user id. A token of another bot is refused."""
    token: EnvReference
    """The channel access token."""
    secret: EnvReference | None = None
    """The channel secret, with which LINE signs what it tells `lineform serve`."""
    webhooks: dict[WordName, WebhookSpec] = {}
    """Systems of the business that ``call`` may name."""
    testers: EnvReference | None = None
    """User ids of testers, separated by commas, for `lineform send --test`."""
    timezone: TimeZone | None = None
    uses: Uses = Uses()
    values: dict[str, Any] = {}
    """What templates read as `values`; merged over the project's, key by key."""
    overrides: dict[str, dict[str, Any]] = {}
    """By address: values that replace those of a shared resource, key by key."""
    limits: Limits | None = None
    plan: PricePlan | None = None
    links: ClientLinks | None = None
    """Where tracked links lead through."""
    entry: Entry | None = None
    """How entry routes are told."""
    members: Membership | None = None
    """How friends become members."""
    environment: Literal["production", "test"] = "production"
    """On a production account, a message that says テスト is refused."""


class Defaults(Part):
    """What holds for every client that does not say otherwise."""

    timezone: TimeZone = "Asia/Tokyo"
    values: dict[str, Any] = {}
    limits: Limits = Limits()
    plan: PricePlan | None = None
    raw_events: Duration = timedelta(days=30)
    """How long `lineform serve` keeps events as they came in: they hold what friends wrote."""


class ProjectSpec(Spec):
    """``lineform.yaml``, at the root of the workspace."""

    kind: Literal["project"]
    defaults: Defaults = Defaults()


LocalMoment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$", examples=["2026-12-01T10:00"])]


class PastEvent(Part):
    """Something that a friend of a test did."""

    event: str
    at: LocalMoment
    fields: dict[str, Any] = {}


class Case(Part):
    """One friend of a test, and what they receive."""

    name: Name
    attributes: dict[str, Any] = {}
    tags: Annotated[tuple[str, ...], Field(strict=False)] = ()
    display_name: str = ""
    language: str = "ja"
    followed_at: LocalMoment | None = None
    """The local date or time of the follow; unknown where it is left out."""
    events: Annotated[tuple[PastEvent, ...], Field(strict=False)] = ()
    """What the friend did: {event: purchase, at: 2026-11-20, fields: {amount: 1200}}."""
    route: str = ""
    """The entry route by which the friend came."""
    member_id: str = ""
    """The member to whom the friend is linked."""
    receives: Annotated[tuple[str, ...], Field(strict=False)] | Literal["nothing", "anything"] = "anything"
    """Texts of the messages that must arrive, in order (where a message has no text, its altText); or a word."""


class ExpectationSpec(Spec):
    """``kind: test``: who receives a campaign and what they read, checked by `lineform test` without any account."""

    kind: Literal["test"]
    campaign: Name
    now: str
    """The local date and time at which the campaign is due, such as 2026-12-01T10:00."""
    friends: Annotated[tuple[Case, ...], Field(min_length=1, strict=False)]
