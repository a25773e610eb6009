"""Messages that promise what will have expired when they are sent: a code of a pool with an end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from lineform.loading.clients import ReadClient
from lineform.loading.mending import apart_from
from lineform.loading.resources import Built
from lineform.loading.validation import FieldProblem
from lineform.model.address import Address
from lineform.model.campaign import CampaignSpec
from lineform.model.code_pool import CodesSpec
from lineform.model.coupon import CouponSpec
from lineform.model.origin import dotted
from lineform.sending.due import upcoming
from lineform.sending.given import CODE, COUPON, coupon_promise, coupons_brought, pool_promise
from lineform.sending.promises import Promise, expires_before, why_lapsed
from lineform.templates.build import Site

_TICK = timedelta(seconds=1)


def promise_problems(client: ReadClient, built: Mapping[Address, Built]) -> Iterator[tuple[Address, FieldProblem]]:
    """What the campaigns of a client promise too late, each with its address."""
    ending: dict[str, Promise] = {}
    for one in built.values():
        if isinstance(one.spec, CodesSpec):
            ending[f"{CODE}.{one.spec.name}"] = pool_promise(one.spec, client.timezone)
        elif isinstance(one.spec, CouponSpec):
            ending[f"{COUPON}.{one.spec.name}"] = coupon_promise(one.spec, client.timezone)
    if not ending:
        return
    for address, one in built.items():
        if isinstance(spec := one.spec, CampaignSpec) and spec.enabled:
            found = list(_late(spec, one.sites, client.timezone, ending))
            for problem in apart_from(one.unsure, found) if one.unsure else found:
                yield address, problem


def _late(
    spec: CampaignSpec, sites: Iterable[Site], timezone: str, ending: Mapping[str, Promise]
) -> Iterator[FieldProblem]:
    zone = spec.schedule.timezone or timezone
    named = [(site.path, read.path) for site in sites for read in site.reads]
    named += [(("messages", *path), f"{COUPON}.{name}") for path, name in coupons_brought(spec.messages).items()]
    for path, name in sorted(set(named), key=str):
        promise = ending.get(name)
        if promise is None or promise.latest is None:
            continue
        due = next(iter(upcoming(spec.schedule, zone, promise.latest - _TICK)), None)
        if due is not None and expires_before(promise, due.at):
            hint = "send it earlier, or write schedule.ends" if spec.schedule.cron else "send it earlier"
            message = f"{dotted(path)}: {why_lapsed(promise, due.at, zone)}"
            yield FieldProblem(path, "E322", message, f"{hint}, or give {promise.address} a later end")
