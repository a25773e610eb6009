"""Declared campaigns against recorded revisions, for one client.

A campaign lives in the store, not on the account: an apply arms its revision, `run` sends what is armed. Disarming
needs no word, since it only stops sends; what was sent stays in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping

from lineform.model.address import Kind
from lineform.model.campaign import CampaignSpec
from lineform.model.project import Client
from lineform.planning.change import Action, Change


def compare_campaigns(
    client: Client, recorded: Mapping[str, str], revisions: Mapping[str, str]
) -> tuple[list[Change], dict[str, Mapping[str, str]]]:
    """The changes, and what is armed as declared, by address. Both mappings give a revision's digest by address;
    `revisions` must hold every declared campaign that is enabled."""
    changes: list[Change] = []
    settled: dict[str, Mapping[str, str]] = {}
    kept: set[str] = set()
    for resource in client.of(Kind.CAMPAIGN):
        address = str(resource.address)
        if not isinstance(resource.spec, CampaignSpec) or not resource.spec.enabled:
            continue
        kept.add(address)
        old, new = recorded.get(address, ""), revisions[address]
        if old == new:
            settled[address] = {"digest": new}
            continue
        action = Action.REARM if old else Action.ARM
        reason = "changed since it was armed" if old else "not armed yet"
        changes.append(Change(action, client.name, address, {"digest": old}, {"digest": new}, reason))
    declared = {str(r.address) for r in client.of(Kind.CAMPAIGN)}
    for address in sorted(recorded.keys() - kept):
        reason = "it is disabled" if address in declared else "its file is gone"
        before, after = {"digest": recorded[address]}, {"digest": ""}
        changes.append(Change(Action.DISARM, client.name, address, before, after, reason))
    return changes, settled
