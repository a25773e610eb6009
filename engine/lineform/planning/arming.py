"""What is declared to act later, against what is armed, for one client.

A campaign, a scenario or a reply lives in the store, not on the account: an apply arms its revision, and what runs
later goes by what is armed. Disarming needs no word, since it only stops sends; what was sent stays in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime

from lineform.model.address import Kind
from lineform.model.base import ArmedSpec
from lineform.model.campaign import CampaignSpec
from lineform.model.project import Client, Resource
from lineform.planning.change import NEVER, Action, Change
from lineform.scenarios.armed import form_revision, reply_revision, route_revision
from lineform.scenarios.menu_rules import menu_rules_revision
from lineform.scenarios.scenario_body import scenario_revision
from lineform.sending.due import upcoming
from lineform.sending.revision import Revisioned, Revisions

Making = Callable[[Revisions, Client, Resource], Revisioned]
"""Makes the revision of one resource: complete JSON that needs no file when its time comes, and the digest of it. With
the same `Revisions` for several clients, what they share is made once."""

ARMED_KINDS: Mapping[Kind, Making] = {
    Kind.CAMPAIGN: Revisions.of,
    Kind.MENU_RULES: menu_rules_revision,
    Kind.REPLY: reply_revision,
    Kind.FORM: form_revision,
    Kind.ROUTE: route_revision,
    Kind.SCENARIO: scenario_revision,
}
"""The kinds that act after an apply, each with what makes its revision: a new kind is one line here."""


def _armable(client: Client) -> Iterator[Resource]:
    for kind in ARMED_KINDS:
        yield from client.of(kind)


def enabled(resource: Resource) -> bool:
    """Whether an apply arms it, and it acts afterwards."""
    return isinstance(resource.spec, ArmedSpec) and resource.spec.enabled


def revisions_of(client: Client, revisions: Revisions | None = None) -> dict[str, Revisioned]:
    """The declared revision of everything that is enabled and acts later, by address. With the same `revisions` for
    several clients, what they share is made once."""
    making = revisions or Revisions()
    return {
        str(resource.address): ARMED_KINDS[resource.address.kind](making, client, resource)
        for resource in _armable(client)
        if enabled(resource)
    }


def one_dated(client: Client, addresses: Collection[str]) -> list[str]:
    """Those of the addresses that are campaigns with one date: once sent, no run sends them again."""
    return [
        str(resource.address)
        for resource in client.of(Kind.CAMPAIGN)
        if str(resource.address) in addresses
        and isinstance(resource.spec, CampaignSpec)
        and resource.spec.schedule.at is not None
    ]


def compare_armed(
    client: Client,
    recorded: Mapping[str, str],
    revisions: Mapping[str, str],
    now: datetime,
    sent: Collection[str] = (),
) -> tuple[list[Change], dict[str, Mapping[str, str]]]:
    """The changes, and what is armed as declared, by address. Both mappings give a revision's digest by address;
    `revisions` must hold everything of `ARMED_KINDS` that is declared and enabled. `sent` are campaigns with one date
    that were sent already, whatever their date is now."""
    changes: list[Change] = []
    settled: dict[str, Mapping[str, str]] = {}
    declared: set[str] = set()
    kept: set[str] = set()
    for resource in _armable(client):
        address = str(resource.address)
        declared.add(address)
        if not enabled(resource):
            continue
        kept.add(address)
        old, new = recorded.get(address, ""), revisions[address]
        if old == new:
            settled[address] = {"digest": new}
            continue
        action = Action.REARM if old else Action.ARM
        reason = "changed since it was armed" if old else "not armed yet"
        goes = NEVER if address in sent else _goes(client, resource, now)
        changes.append(Change(action, client.name, address, {"digest": old}, {"digest": new}, reason, goes=goes))
    for address in sorted(recorded.keys() - kept):
        reason = "it is disabled" if address in declared else "its file is gone"
        before, after = {"digest": recorded[address]}, {"digest": ""}
        changes.append(Change(Action.DISARM, client.name, address, before, after, reason))
    return changes, settled


def _goes(client: Client, resource: Resource, now: datetime) -> str | None:
    """Whether a campaign goes: at its date, by its rule, or never any more; None for what has no schedule."""
    if not isinstance(resource.spec, CampaignSpec):
        return None
    coming = upcoming(resource.spec.schedule, client.timezone, now)
    if not coming:
        return NEVER
    # Which time of a rule comes next is of no weight: more of them follow.
    return f"at {coming[0].key}" if resource.spec.schedule.at is not None else "by its rule"
