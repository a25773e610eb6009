from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.lineapi.routes import Route
from lineform.sending.batches import Group, Recipient, Rendered, addressed, body_of, grouped
from lineform.sending.keys import RecipientsHash, key_of_test, recipients_hash, retry_key
from lineform.sending.routes import Wanted, choose

COMBINATIONS = [Wanted(*bits) for bits in itertools.product([False, True], repeat=6)]


def expected(wanted: Wanted) -> Route | str | None:
    """The rule in its shortest form: LINE selects only where nobody looks at single friends."""
    if wanted.demographic or wanted.audience:
        return "refused" if not wanted.constant or wanted.skips_unknown else Route.NARROWCAST
    if not wanted.constant:
        return None
    looks = not wanted.everyone or wanted.at_most or wanted.skips_unknown
    return Route.MULTICAST if looks else Route.BROADCAST


@pytest.mark.parametrize("wanted", COMBINATIONS)
def test_every_combination_has_its_cheapest_legal_route_and_a_reason(wanted: Wanted) -> None:
    if expected(wanted) == "refused":
        with pytest.raises(ValueError, match=r"LINE alone|LINE selects"):
            choose(wanted)
        return
    choice = choose(wanted)
    assert choice.route == expected(wanted)
    assert ": " in choice.why
    if choice.route is not None:
        assert choice.why.startswith(choice.route.value)


def people(count: int) -> list[Recipient]:
    return [Recipient(number, f"U{number:032x}") for number in range(count)]


def test_equal_renderings_share_a_multicast_and_a_lonely_one_is_pushed() -> None:
    one, two, three = people(3)
    found = list(grouped([Rendered(one, b"a", b"A"), Rendered(two, b"b", b"B"), Rendered(three, b"a", b"A")]))
    assert found == [Group(Route.MULTICAST, (one, three), b"a", b"A"), Group(Route.PUSH, (two,), b"b", b"B")]


def test_a_multicast_holds_500() -> None:
    found = list(grouped(Rendered(one, b"a", b"A") for one in people(1001)))
    assert [(group.route, len(group.recipients)) for group in found] == [
        (Route.MULTICAST, 500),
        (Route.MULTICAST, 500),
        (Route.PUSH, 1),
    ]


@given(st.lists(st.sampled_from([b"a", b"b", b"c", b"d"]), max_size=60), st.integers(1, 5), st.integers(1, 9))
def test_everybody_is_in_one_group_with_their_own_rendering(bodies: list[bytes], size: int, pending: int) -> None:
    rendered = [Rendered(one, body, body * 2) for one, body in zip(people(len(bodies)), bodies, strict=True)]
    found = list(grouped(rendered, size, pending))
    received = [(one.id, group.filling, group.digest) for group in found for one in group.recipients]
    assert sorted(received) == [(one.recipient.id, one.filling, one.digest) for one in rendered]
    assert all(1 <= len(group.recipients) <= size for group in found)
    assert all((group.route is Route.PUSH) == (len(group.recipients) == 1) for group in found)


def test_a_body_is_addressed_when_it_is_called() -> None:
    body = body_of(b'[{"type":"text","text":"x"}]', silent=True)
    pushed = json.loads(addressed(body, Route.PUSH, ["U1"]))
    assert pushed == {"to": "U1", "messages": [{"type": "text", "text": "x"}], "notificationDisabled": True}
    assert json.loads(addressed(body, Route.MULTICAST, ["U1", "U2"]))["to"] == ["U1", "U2"]
    assert addressed(body, Route.BROADCAST, []) == body
    assert json.loads(body_of(b"[]", silent=False, extra=b'"limit":{"max":5}')) == {"messages": [], "limit": {"max": 5}}


def test_a_key_depends_on_who_where_when_and_how_and_on_nothing_else() -> None:
    parts = ("salon", "campaign.a", "2026-12-01T10:00", Route.PUSH, ["U1", "U2"])
    key = retry_key(*parts)
    assert key == retry_key("salon", "campaign.a", "2026-12-01T10:00", Route.PUSH, ["U2", "U1"])
    assert key.version == 5
    others = [
        ("barber", *parts[1:]),
        (*parts[:1], "campaign.b", *parts[2:]),
        (*parts[:2], "2026-12-01T10:00+released", *parts[3:]),
        (*parts[:3], Route.MULTICAST, parts[4]),
        (*parts[:4], ["U1"]),
        (*parts[:4], []),
    ]
    assert len({key, *(retry_key(*other) for other in others)}) == 7


def test_a_test_sends_keys_are_its_own() -> None:
    keys = {key_of_test("salon", "campaign.a", invocation, "U1") for invocation in ("1", "2")}
    assert len(keys) == 2
    assert keys.isdisjoint({retry_key("salon", "campaign.a", "1", Route.PUSH, ["U1"])})


@given(st.lists(st.integers(0, 2**40), unique=True).map(sorted), st.integers(0, 10))
def test_the_recipients_hash_does_not_depend_on_how_they_were_fed(ids: list[int], cut: int) -> None:
    parts = RecipientsHash("salon")
    parts.add(ids[:cut])
    parts.add(ids[cut:])
    assert parts.hexdigest() == recipients_hash("salon", ids)
    assert parts.count == len(ids)
    assert recipients_hash("barber", ids) != recipients_hash("salon", ids)
    assert recipients_hash("salon", [*ids, 2**41]) != recipients_hash("salon", ids)
