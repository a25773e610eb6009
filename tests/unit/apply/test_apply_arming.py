"""What an apply writes down of a campaign that it arms."""

from __future__ import annotations

from typing import Any

import pytest

from lineform.errors import StaleError
from lineform.model.attributes import AttributesSpec
from lineform.ports.ledger import Send
from lineform.sending.status import SendStatus
from support.applying import NOW, Shop
from support.declared_clients import campaign, client, menu

WORDS = AttributesSpec.model_validate({"kind": "attributes", "name": "words", "tags": {"vip": {}}})
ONCE: dict[str, Any] = {"at": "2026-12-01T10:00"}
DAILY: dict[str, Any] = {"cron": "0 9 * * *"}


@pytest.mark.parametrize(
    ("schedule", "audience", "counted"),
    [
        (ONCE, {}, 2),
        (ONCE, {"expect": {"min": 1}}, 2),
        (ONCE, {"expect": {"max": 9}}, None),
        (ONCE, {"expect": {"max": 9}, "tolerance": 5}, 2),
        (DAILY, {}, None),
        (DAILY, {"tolerance": 5}, 2),
    ],
)
def test_an_audience_is_counted_where_it_is_compared_with_that_number_later(
    schedule: dict[str, Any], audience: dict[str, Any], counted: int | None
) -> None:
    shop = Shop()
    shop.store.segment("U" + "a" * 32, "U" + "b" * 32)
    shop.apply(client(WORDS, campaign("sale", schedule=schedule, audience={"where": {"tag": "vip"}, **audience})))
    assert [one.people for one in shop.store.armed("salon")] == [counted]


def went(status: SendStatus) -> Send:
    """The campaign on the day before the one that it has now."""
    return Send(1, "campaign.sale", "d", "2026-11-22T16:00", NOW, status, recipients=2, recipients_hash="h")


def test_an_approved_new_date_of_a_campaign_that_went_out_meanwhile_is_refused() -> None:
    shop, moved = Shop(), client(campaign("sale", schedule=ONCE))
    saved = shop.plan(moved)
    shop.store.ledger.append(went(SendStatus.SENT))
    with pytest.raises(StaleError, match="sent already"):
        shop.apply(moved, saved=saved, plan_id="file")
    assert not shop.store.armed("salon")


@pytest.mark.parametrize("status", [SendStatus.HELD, SendStatus.SKIPPED, SendStatus.EMPTY])
def test_an_approved_new_date_is_applied_where_the_old_one_reached_nobody(status: SendStatus) -> None:
    shop, moved = Shop(), client(campaign("sale", schedule=ONCE))
    saved = shop.plan(moved)
    shop.store.ledger.append(went(status))
    shop.apply(moved, saved=saved, plan_id="file")
    assert [one.address for one in shop.store.armed("salon")] == ["campaign.sale"]


def test_an_approved_send_is_refused_when_its_time_is_over() -> None:
    shop, once = Shop(), client(campaign("sale", schedule=ONCE))
    saved = shop.plan(once)
    shop.wait(days=30)
    with pytest.raises(StaleError, match="approved was that it goes at 2026-12-01T10:00") as stale:
        shop.apply(once, saved=saved, plan_id="file")
    assert (stale.value.exit_code, "plan again" in stale.value.hint) == (5, True)


def test_an_approved_plan_of_what_has_no_time_does_not_age() -> None:
    shop, menus = Shop(), client(menu("main"))
    saved = shop.plan(menus)
    shop.wait(days=30)
    assert shop.apply(menus, saved=saved, plan_id="file").complete
