"""What one run is about, drawn from its seed: the sends, the limits, the workers and how bad the day is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

from lineform.model.address import Address, Kind
from lineform.model.attributes import AttributesSpec
from lineform.model.base import Spec
from lineform.model.campaign import CampaignSpec
from lineform.model.client import ClientSpec, Limits
from lineform.model.origin import Origin
from lineform.model.origin import Path as KeyPath
from lineform.model.project import Client, Layer, Resource
from lineform.ports.ledger import Revision
from lineform.ports.store import Store
from lineform.sending.revision import revision

DUE = datetime(2026, 12, 1, 1, tzinfo=UTC)
START = DUE - timedelta(minutes=1)
ARMED = DUE - timedelta(hours=2)
_VIP = {"where": {"attribute": "vip", "is": True}}
_KNOWN = AttributesSpec.model_validate(
    {"kind": "attributes", "name": "known", "attributes": {"vip": {"type": "bool"}, "nick": {"type": "text"}}}
)


@dataclass(frozen=True)
class Plan:
    """One run. `chance` is how likely a call meets trouble, `deaths` how likely a process dies in its time."""

    seed: str
    friends: int
    campaigns: tuple[dict[str, Any], ...]
    limits: dict[str, Any]
    quota: int | None
    workers: int
    chance: float
    deaths: float
    skew: float
    """Seconds by which a worker's clock may be off; it jumps now and then."""
    chaos: float
    """Seconds of trouble."""
    pause: float
    """Seconds for which nothing runs then."""
    churn: int
    """Friends who come, go or change while sends are under way."""
    halts: bool
    shared_pace: bool
    together: bool = False
    """Whether everything is due at once and the workers come in the same second."""

    @property
    def broadcasts(self) -> bool:
        """Whether LINE may choose who is reached."""
        return not self.limits.get("per_friend") and any(
            one["audience"] == "everyone" and "friend." not in str(one["messages"]) and not one.get("rollout")
            for one in self.campaigns
        )


def drawn(seed: str) -> Plan:
    """The plan of a seed."""
    random = Random(f"{seed}/plan")
    friends = random.randint(1, 9)
    together = random.random() < 0.6
    campaigns = tuple(_campaign(random, number, together) for number in range(random.choice((1, 2, 2, 3))))
    most = friends * len(campaigns)
    limits: dict[str, Any] = {}
    if random.random() < 0.35:
        limits["monthly_messages"] = random.randint(max(1, friends - 1), most + 2)
    if random.random() < 0.3:
        rule = random.choice(({"week": 1}, {"week": 2}, {"gap": "20h"}, {"gap": "2h", "week": 3}))
        limits["per_friend"] = {**rule, "same_body": "1h"}
    plan = Plan(
        seed=seed,
        friends=friends,
        campaigns=campaigns,
        limits=limits,
        quota=random.randint(max(1, friends - 1), most + 2) if random.random() < 0.3 else None,
        workers=random.choice((1, 2, 2, 3, 4)),
        chance=random.choice((0.0, 0.05, 0.15, 0.4)),
        deaths=random.choice((0.0, 0.3, 0.7, 0.9)),
        skew=random.choice((0.0, 0.0, 90.0, 600.0)),
        chaos=random.uniform(60.0, 300.0),
        pause=random.choice((0.0, 0.0, 0.0, 1800.0, 30 * 3600.0)),
        churn=random.choice((0, 0, 2, 6)),
        halts=random.random() < 0.15,
        shared_pace=random.random() < 0.3,
    )
    if plan.pause > 23 * 3600:
        # What is open when everything stops is what a pause of more than a day is about.
        plan = replace(plan, chance=0.4, deaths=0.9, chaos=random.uniform(61.0, 90.0))
    if together:
        plan = replace(plan, workers=max(2, plan.workers))
    plan = replace(plan, together=together)
    if plan.broadcasts and (plan.quota is not None or "monthly_messages" in limits):
        # Whom LINE reaches with a broadcast is decided at the call: nobody can promise a budget for who comes after.
        plan = replace(plan, churn=0)
    return plan


def _campaign(random: Random, number: int, together: bool) -> dict[str, Any]:
    name = f"c{number}"
    texts = (
        f"{name} at {{{{ run.date }}}} {{{{ run.time }}}}",
        f"{name} at {{{{ run.date }}}} {{{{ run.time }}}} for ",
    )
    everyone: Any = random.choice(("everyone", "everyone", {"everyone": True, "expect": {"max": 500}}, _VIP))
    personal = random.choice(("", "{{ friend.display_name }}", "{{ friend.language }}"))
    minute = 0 if together else random.randint(0, 3)
    schedule: dict[str, Any] = {"at": f"2026-12-01T10:0{minute}"}
    if random.random() < 0.2:
        schedule = {"cron": "*/5 10 1 12 *", "ends": "2026-12-01"}
    schedule["if_late"] = random.choice(
        ({"within": "72h"}, {"within": "72h"}, {"within": "20m", "otherwise": "skip"}, "hold", "skip")
    )
    fields: dict[str, Any] = {
        "kind": "campaign",
        "name": name,
        "audience": everyone,
        "schedule": schedule,
        "messages": ({"text": texts[1] + personal if personal else texts[0]},),
    }
    if everyone == _VIP:
        fields["allow_almost_everyone"] = True
    if random.random() < 0.25:
        fields["rollout"] = ({"percent": 40, "wait": "2m"}, {"percent": 100})
    if random.random() < 0.3:
        fields["capped"] = "wait"
    return fields


class _Nowhere:
    def origin(self, path: KeyPath) -> Origin:
        return Origin("faults.yaml")

    key_origin = origin

    def excerpt(self, origin: Origin) -> str:
        return ""

    def layers(self, path: KeyPath) -> tuple[Layer, ...]:
        return ()


def client_of(plan: Plan) -> Client:
    """The client of a plan, named by its seed, with a bot of its own: many are recorded in one store."""
    name = f"seed-{plan.seed}"
    bot = f"U{sha256(name.encode()).hexdigest()[:32]}"
    fields = {"kind": "client", "name": name, "title": name, "bot": bot, "token": {"env": "FAULTS_TOKEN"}}
    specs: list[Spec] = [_KNOWN]
    for fields_of in plan.campaigns:
        wanted = dict(fields_of)
        if wanted.get("capped") and not plan.limits.get("per_friend"):
            del wanted["capped"]
        if wanted.get("rollout") and wanted["audience"] == "everyone":
            wanted["audience"] = {"everyone": True, "expect": {"max": 500}}
        specs.append(CampaignSpec.model_validate(wanted))
    resources = {}
    for spec in specs:
        address = Address(Kind(spec.kind), spec.name)
        resources[address] = Resource(name, address, spec, _Nowhere(), {}, "", {})
    limits = Limits.model_validate(plan.limits)
    return Client(name, ClientSpec.model_validate(fields), _Nowhere(), "Asia/Tokyo", limits, None, {}, resources)


def arm(store: Store, client: Client) -> None:
    for resource in client.resources.values():
        if resource.address.kind is Kind.CAMPAIGN:
            found = revision(client, resource)
            store.arm(client.name, Revision(str(resource.address), found.digest, ARMED, found.body))
