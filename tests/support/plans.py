"""Plans and runs that are made by hand, for the rooms that only show them."""

from __future__ import annotations

from datetime import UTC, datetime

from lineform.lineapi.routes import Route
from lineform.planning.change import Action, Change, Difference
from lineform.planning.live import Bot, DefaultMenu, LiveAccount, Quota
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan, PlanFile
from lineform.planning.steps import (
    ArmRevision,
    CreateAlias,
    CreateMenu,
    MenuRef,
    Move,
    MoveLinkedUsers,
    SetDefault,
    Step,
    UploadImage,
)
from lineform.planning.view import ForeignMenu
from lineform.run.outcome import Outcome, TickEntry, TickReport
from lineform.sending.cost import Cost
from lineform.sending.due import Due

NOON = datetime(2026, 12, 1, 3, tzinfo=UTC)
BOT = "U" + "0" * 32
MAIN = MenuRef("richmenu.main")

CHANGES = (
    Change(Action.CREATE, "aoba", "richmenu.main", {"menu": ""}, {"menu": "aa"}, "not on the account yet"),
    Change(
        Action.REPLACE,
        "aoba",
        "richmenu.coupons",
        {"menu": "bb"},
        {"menu": "cc"},
        "the menu changed",
        details=(
            Difference("areas[0].action.uri", "https://example.com/旧", "https://example.com/新"),
            Difference("chatBarText", None, "クーポン"),
        ),
    ),
    Change(
        Action.RETIRING, "aoba", "richmenu.old", {}, {}, "replaced, kept until 2026-12-02 12:00", menu_id="richmenu-1"
    ),
    Change(Action.ARM, "aoba", "campaign.winter-sale", {"digest": ""}, {"digest": "dd"}, "not armed yet"),
    Change(Action.ARM, "aoba", "campaign.big", {"digest": ""}, {"digest": "ee"}, "not armed yet"),
)
STEPS: tuple[Step, ...] = (
    CreateMenu("richmenu.main", "aa"),
    UploadImage(MAIN),
    CreateAlias("main", MAIN),
    SetDefault(MAIN),
    *(MoveLinkedUsers((Move(f"richmenu-{number}", MAIN),)) for number in range(4)),
    ArmRevision("campaign.winter-sale", "dd"),
)
FOREIGN = (ForeignMenu("richmenu-9", "OAのメニュー | @all", ("shop",), default=True),)
AOBA = ClientPlan("aoba", BOT, CHANGES, True, FOREIGN, STEPS)
BLOCKED = ClientPlan(
    "kawa",
    BOT,
    (
        Change(
            Action.BLOCKED,
            "kawa",
            "richmenu.main",
            {},
            {},
            "its alias 'main' points to a menu that is not ours",
            "lineform plan --adopt richmenu.main",
            "G102",
        ),
    ),
    False,
)
SAME = ClientPlan("mori", BOT, (), True)
FILE = PlanFile(NOON, PlanOptions(), (AOBA, BLOCKED, SAME))
EMPTY = PlanFile(NOON, PlanOptions(), (SAME,))
LIVE = {"aoba": LiveAccount(Bot(BOT, "@aoba", "青葉サロン"), Quota(5000, 1200), (), {}, DefaultMenu())}
SENDS = (
    TickEntry(
        "campaign.winter-sale",
        "2026-12-24T10:00",
        Outcome.WOULD_SEND,
        recipients=1234,
        calls=3,
        routes={Route.MULTICAST: 3},
        why="everybody gets the same message",
        cost=Cost(1234, 3, 0.0),
        recipients_hash="4c1d0f6a2b7e9935aa10c4de5f60718293a4b5c6d7e8f90011223344556677f8",
        reads=("{{ friend.name | default('お客') }}さま\n冬のセール", "[sticker]", "*12/25* まで", "[image]"),
    ),
    TickEntry(
        "campaign.big",
        "2026-12-25T10:00",
        Outcome.BLOCKED,
        reason="5,000 messages are needed and 3,800 are left",
        guard="G201",
        hint="narrow the audience, or raise the plan's limit",
    ),
)
OUTLOOKS = {"aoba": SENDS}
REPORT = TickReport(
    "aoba",
    NOON,
    (
        TickEntry("campaign.winter-sale", "2026-12-01T12:00", Outcome.SENT, 1234, 1234, 3, cost=Cost(1234, 3, 61.5)),
        TickEntry(
            "campaign.news", "2026-12-01T12:00", Outcome.PARTIAL, 1000, 500, 2, reason="LINE refused 1 of 2 calls"
        ),
        TickEntry("campaign.late", "2026-11-30T12:00", Outcome.SKIPPED, reason="a day late, and the rule says skip"),
        SENDS[1],
    ),
    next_due=("campaign.monthly", Due("2027-01-01T10:00", datetime(2027, 1, 1, 1, tzinfo=UTC))),
)
HALTED = TickReport("kawa", NOON, halted="mika")
