"""What is checked before the first call of a send: whatever fails here has cost nothing and reached nobody.

Each guard has an id in `lineform.model.codes.GUARDS` and says what to do. A stopped occurrence is not done: the next
run asks again, as long as its schedule allows it to be late.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lineform.model.audience import Expect
from lineform.model.client import Limits, PricePlan
from lineform.model.codes import GUARDS
from lineform.plural import plural
from lineform.sending.cost import yen

ALMOST_EVERYONE = 0.97
"""From this share of all friends on, a condition is taken for a mistake unless the author says how many are meant."""
ALMOST_FROM = 100
"""With fewer friends than this, a condition that holds for nearly all of them is nothing special."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A guard that refuses a send."""

    guard: str
    sentence: str
    hint: str


def named(guard: str, sentence: str) -> str:
    """Why something waits that a guard keeps back, as `guard_named` reads it."""
    return f"{guard}: {sentence}"


def guard_named(reason: str) -> tuple[str, str] | None:
    """The guard and its sentence in a reason that `named` made; None in any other."""
    guard, _, sentence = reason.partition(": ")
    return (guard, sentence) if guard in GUARDS else None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the guards look at. All are messages of this month in Japan, which is how LINE counts them."""

    recipients: int
    """Who is to be reached; for a broadcast the friends that the store knows, for a narrowcast its limit."""
    exact: bool
    """Whether `recipients` is the exact number, or at least an upper bound; a broadcast's is neither."""
    quota_left: int | None
    """What LINE has left; None where the account has no limit."""
    used_by_line: int
    """What LINE counted so far, all tools included."""
    used_by_us: int
    """What the ledger counted so far, uncertain ones included."""
    promised: int = 0
    """Who was frozen by other sends and is still to be called: theirs already, although nobody has counted them."""
    capped: int = 0
    """Of the audience, who is left out by the limits about single friends."""
    friends: int | None = None
    """All friends who can be reached, where the audience was chosen among them; None where everyone is meant."""
    first: bool = False
    """Whether no campaign of this client was ever sent before."""
    tested: bool = False
    """Whether this revision was sent to testers."""
    approved: int | None = None
    """How many people the audience had when the campaign was armed; None where nobody was counted."""
    tolerated: int | None = None
    """By how many people the audience may differ from that; None where it may be anything."""


def stops(figures: Figures, expect: Expect | None, limits: Limits, plan: PricePlan | None) -> list[Stop]:
    """Every guard that refuses this send, the most telling first."""
    return [
        *_expected(figures, expect),
        *_moved(figures),
        *_volume(figures, limits),
        *_almost_everyone(figures, expect),
        *money_stops(figures, limits, plan),
    ]


def money_stops(figures: Figures, limits: Limits, plan: PricePlan | None) -> list[Stop]:
    """The guards about LINE's quota and the month's budget alone."""
    return [*_quota(figures), *_budget(figures, limits, plan)]


def _volume(figures: Figures, limits: Limits) -> Iterator[Stop]:
    most, tested_above, count = limits.max_recipients, limits.tested_above, figures.recipients
    bounded = most is not None or tested_above is not None or (figures.first and limits.first_send is not None)
    if not figures.exact and not count and bounded:
        yield Stop(
            "G205",
            "nobody knows how many friends would be reached, and this client limits the size of a send",
            "import the friends with 'lineform friends sync' or 'lineform friends import'",
        )
    if most is not None and count > most:
        yield Stop(
            "G214",
            f"{plural(count, 'friend')} {_be(count)} more than the {most:,} that one send may reach",
            "make the audience smaller, or raise limits.max_recipients",
        )
    if figures.first and limits.first_send is not None and count > limits.first_send:
        yield Stop(
            "G224",
            f"this is the client's first campaign, and {plural(count, 'friend')} {_be(count)} more than the "
            f"{limits.first_send:,} that it may reach",
            "send to a small audience first and look at it, or raise limits.first_send",
        )
    if tested_above is not None and count > tested_above and not figures.tested:
        yield Stop(
            "G216",
            f"{plural(count, 'friend')} {_be(count)} more than {tested_above:,}, and this revision was not sent to "
            "testers yet",
            "send it with 'lineform send --test' and read it, or raise limits.tested_above",
        )


def _almost_everyone(figures: Figures, expect: Expect | None) -> Iterator[Stop]:
    count = figures.recipients + figures.capped
    meant = expect is not None and expect.max is not None
    if meant or figures.friends is None or figures.friends < ALMOST_FROM:
        return
    if count >= figures.friends * ALMOST_EVERYONE:
        yield Stop(
            "G215",
            f"the condition chooses {count:,} of {figures.friends:,} friends, which is almost everyone",
            "check the segment; if it is meant, write audience.expect.max or 'allow_almost_everyone: true'",
        )


def _expected(figures: Figures, expect: Expect | None) -> Iterator[Stop]:
    if expect is None:
        return
    count = figures.recipients + figures.capped
    if count < expect.min:
        yield Stop(
            "G204",
            f"the audience has {_people(count)}, and at least {expect.min:,} {_be(expect.min)} expected",
            "check the segment and the friends' data, or change 'expect'",
        )
    if expect.max is not None and count > expect.max:
        yield Stop(
            "G204",
            f"the audience has {_people(count)}, and at most {expect.max:,} {_be(expect.max)} expected",
            "check the segment, or change 'expect'",
        )


def _moved(figures: Figures) -> Iterator[Stop]:
    if figures.approved is None or figures.tolerated is None:
        return
    count = figures.recipients + figures.capped
    if abs(count - figures.approved) > figures.tolerated:
        yield Stop(
            "G225",
            f"the audience has {_people(count)}, and had {figures.approved:,} when the campaign was armed; "
            f"{figures.tolerated:,} more or less {_be(figures.tolerated)} tolerated",
            "see who came or went with 'lineform segments count'; if they are meant, change audience.tolerance, and "
            "plan and apply again: the campaign is then armed with today's number",
        )


def _quota(figures: Figures) -> Iterator[Stop]:
    if figures.quota_left is None:
        return
    left = figures.quota_left - figures.promised
    if figures.recipients > left:
        promised = f", {figures.promised:,} of them promised to other sends" if figures.promised else ""
        needed = f"{plural(figures.recipients, 'message')} {_be(figures.recipients)} needed"
        yield Stop(
            "G201",
            f"{needed}, and LINE has {figures.quota_left:,} left this month{promised}",
            "make the audience smaller, or allow additional messages in LINE Official Account Manager",
        )


def _budget(figures: Figures, limits: Limits, plan: PricePlan | None) -> Iterator[Stop]:
    # LINE's count is approximate and late, ours knows nothing of other tools: the larger one is the careful one.
    used = max(figures.used_by_line, figures.used_by_us) + figures.promised
    total = used + figures.recipients
    if limits.monthly_messages is None and limits.monthly_yen is None:
        return
    if not figures.exact and figures.recipients == 0:
        yield Stop(
            "G205",
            "nobody knows how many friends would be reached, and this client has a monthly budget",
            "import the friends with 'lineform friends sync' or 'lineform friends import'",
        )
    if limits.monthly_messages is not None and total > limits.monthly_messages:
        yield Stop(
            "G202",
            f"{plural(figures.recipients, 'message')} after {used:,} this month{_promised(figures)} "
            f"{_be(figures.recipients)} more than the budget of {limits.monthly_messages:,}",
            "make the audience smaller, or raise limits.monthly_messages",
        )
    if limits.monthly_yen is not None:
        yield from _yen(figures, used, limits.monthly_yen, plan)


def _people(count: int) -> str:
    return plural(count, "person", "people")


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def _promised(figures: Figures) -> str:
    return f" (of which {figures.promised:,} {_be(figures.promised)} still to be sent)" if figures.promised else ""


def _yen(figures: Figures, used: int, budget: int, plan: PricePlan | None) -> Iterator[Stop]:
    if plan is None:
        yield Stop("G203", "limits.monthly_yen is set, and what a message costs is not", "write the client's 'plan'")
        return
    price = yen(used + figures.recipients, plan)
    if price > budget:
        yield Stop(
            "G203",
            f"this month's messages would cost ¥{price:,.0f} with this send, and the budget is ¥{budget:,}",
            "make the audience smaller, or raise limits.monthly_yen",
        )
