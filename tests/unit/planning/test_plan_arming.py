"""What acts later is armed, armed anew and disarmed by an apply; nothing else of the plan is touched by it."""

from __future__ import annotations

from collections.abc import Mapping

from lineform.model.base import ArmedSpec
from lineform.model.campaign import CampaignSpec
from lineform.model.catalogue import SPECS
from lineform.planning.arming import ARMED_KINDS, revisions_of
from lineform.planning.change import Action
from lineform.planning.plan import ClientPlan, make_plan
from lineform.planning.steps import ArmRevision, DisarmRevision
from support.declared_clients import campaign, client
from support.live_accounts import NOW, live


def plan(*declared: CampaignSpec, recorded: Mapping[str, str] | None) -> ClientPlan:
    digests = {f"campaign.{spec.name}": f"{spec.name}-now" for spec in declared}
    return make_plan(client(*declared), live(), recorded, digests, NOW)


def test_a_new_campaign_is_armed() -> None:
    made = plan(campaign("sale"), recorded={})
    assert [(c.action, c.address) for c in made.changes] == [(Action.ARM, "campaign.sale")]
    assert made.steps == (ArmRevision("campaign.sale", "sale-now"),)


def test_an_edited_campaign_is_armed_anew() -> None:
    made = plan(campaign("sale"), recorded={"campaign.sale": "sale-before"})
    assert made.changes[0].action is Action.REARM
    assert (made.changes[0].before, made.changes[0].after) == ({"digest": "sale-before"}, {"digest": "sale-now"})


def test_an_armed_campaign_is_no_change() -> None:
    made = plan(campaign("sale"), recorded={"campaign.sale": "sale-now"})
    assert made.empty
    assert made.settled == {"campaign.sale": {"digest": "sale-now"}}


def test_a_disabled_campaign_is_never_armed() -> None:
    assert plan(campaign("sale", enabled=False), recorded={}).empty


def test_disabling_disarms() -> None:
    made = plan(campaign("sale", enabled=False), recorded={"campaign.sale": "sale-now"})
    assert (made.changes[0].action, made.changes[0].reason) == (Action.DISARM, "it is disabled")


def test_a_campaign_whose_file_is_gone_is_disarmed_without_a_word() -> None:
    made = plan(recorded={"campaign.sale": "sale-before"})
    assert made.changes[0].action is Action.DISARM
    assert made.steps == (DisarmRevision("campaign.sale"),)


def test_disarming_goes_first_and_arming_last() -> None:
    made = plan(campaign("new"), recorded={"campaign.old": "x"})
    assert made.steps == (DisarmRevision("campaign.old"), ArmRevision("campaign.new", "new-now"))


def test_without_a_store_campaigns_are_not_compared_and_the_plan_says_so() -> None:
    made = plan(campaign("sale"), recorded=None)
    assert made.empty
    assert not made.recorded


def test_every_kind_that_acts_later_can_be_disabled() -> None:
    assert all(issubclass(SPECS[kind], ArmedSpec) for kind in ARMED_KINDS)


def test_what_is_armed_of_a_kind_that_nobody_declares_any_more_is_disarmed() -> None:
    made = plan(recorded={"scenario.welcome": "x"})
    assert made.steps == (DisarmRevision("scenario.welcome"),)


def test_the_revisions_of_a_client_are_those_of_what_is_enabled() -> None:
    owner = client(campaign("sale"), campaign("later", enabled=False))
    assert revisions_of(owner).keys() == {"campaign.sale"}
