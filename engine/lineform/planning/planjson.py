"""A plan file: what was planned, for people, for approval, and for an apply on another machine.

It holds no token, no friend, no body: addresses, hashes and words. Keys only ever get more; `format_version` rises
when an older reader would misunderstand.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from lineform.errors import UsageError
from lineform.planning.change import Action, Change, Difference
from lineform.planning.coupons import ForeignCoupon
from lineform.planning.estimate import estimate
from lineform.planning.options import PlanOptions
from lineform.planning.plan import ClientPlan, PlanFile
from lineform.planning.snapshot import audience_from_data, audience_to_data
from lineform.planning.steps import describe
from lineform.planning.view import ForeignMenu

FORMAT_VERSION = 1


def plan_to_json(plan: PlanFile) -> str:
    """Stable text: the same plan gives the same bytes. `digest`, `estimate` and `steps` are for readers only."""
    options = plan.options
    data = {
        "format_version": FORMAT_VERSION,
        "digest": plan.digest,
        "made_at": plan.made_at.isoformat(),
        "options": {
            "prune": options.prune,
            "grace_seconds": int(options.grace.total_seconds()),
            "adopt": sorted(options.adopt),
            "replace": sorted(options.replace),
        },
        "clients": [client_plan_to_data(client) for client in plan.clients],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def client_plan_to_data(plan: ClientPlan) -> dict[str, Any]:
    """One client's plan as JSON values."""
    wait = estimate(plan.steps)
    return {
        "client": plan.client,
        "bot": plan.bot,
        "digest": plan.digest,
        "empty": plan.empty,
        "recorded": plan.recorded,
        "changes": [_change_to_data(change) for change in plan.changes],
        "foreign": [
            {"menu_id": menu.menu_id, "name": menu.name, "aliases": list(menu.aliases), "default": menu.default}
            for menu in plan.foreign
        ],
        "foreign_audiences": [audience_to_data(audience) for audience in plan.foreign_audiences],
        "foreign_coupons": [{"coupon_id": one.coupon_id, "title": one.title} for one in plan.foreign_coupons],
        "steps": [describe(step) for step in plan.steps],
        "estimate": {
            "counts": wait.counts,
            "at_least_seconds": int(wait.at_least.total_seconds()),
            "because": wait.because,
        },
    }


def _change_to_data(change: Change) -> dict[str, Any]:
    return {
        "action": change.action.word,
        "glyph": change.action.value,
        "address": change.address,
        "before": dict(change.before),
        "after": dict(change.after),
        "reason": change.reason,
        "hint": change.hint,
        "code": change.code,
        "housekeeping": change.housekeeping,
        "menu_id": change.menu_id,
        "details": [{"path": d.path, "before": d.before, "after": d.after} for d in change.details],
        **({} if change.goes is None else {"goes": change.goes}),
    }


def plan_from_json(text: str) -> PlanFile:
    """The plan in a file; `UsageError` where the file is none, is of a later version, or was changed by hand."""
    try:
        data = json.loads(text)
        version = data["format_version"]
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError("this is not a plan file", hint="make one with `lineform plan --out FILE`") from error
    if version != FORMAT_VERSION:
        raise UsageError(
            f"the plan file has format version {version}; this lineform reads {FORMAT_VERSION}",
            hint="make the plan again with this version",
        )
    try:
        plan = _plan(data)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError("the plan file is damaged", hint="make the plan again") from error
    if plan.digest != data.get("digest"):
        raise UsageError("the plan file was changed after it was made", hint="make the plan again")
    return plan


def _plan(data: dict[str, Any]) -> PlanFile:
    said = data["options"]
    options = PlanOptions(
        bool(said["prune"]),
        timedelta(seconds=said["grace_seconds"]),
        frozenset(said["adopt"]),
        frozenset(said.get("replace", ())),
    )
    made_at = datetime.fromisoformat(data["made_at"])
    return PlanFile(made_at, options, tuple(_client(client) for client in data["clients"]))


def _client(data: dict[str, Any]) -> ClientPlan:
    foreign = tuple(
        ForeignMenu(menu["menu_id"], menu["name"], tuple(menu["aliases"]), menu["default"]) for menu in data["foreign"]
    )
    changes = tuple(_change(data["client"], change) for change in data["changes"])
    others = tuple(audience_from_data(one) for one in data.get("foreign_audiences", ()))
    coupons = tuple(ForeignCoupon(one["coupon_id"], one["title"]) for one in data.get("foreign_coupons", ()))
    return ClientPlan(
        *(data["client"], data["bot"], changes, data["recorded"], foreign),
        foreign_audiences=others,
        foreign_coupons=coupons,
    )


def _change(client: str, data: dict[str, Any]) -> Change:
    return Change(
        action=Action(data["glyph"]),
        client=client,
        address=data["address"],
        before=dict(data["before"]),
        after=dict(data["after"]),
        reason=data["reason"],
        hint=data["hint"],
        code=data["code"],
        details=tuple(Difference(d["path"], d["before"], d["after"]) for d in data["details"]),
        housekeeping=data["housekeeping"],
        menu_id=data["menu_id"],
        goes=data.get("goes"),
    )
