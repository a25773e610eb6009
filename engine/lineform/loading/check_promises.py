"""Messages that promise what will have expired when they are sent: a code of a pool with an end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from lineform.loading.clients import ReadClient
from lineform.loading.mending import apart_from
from lineform.loading.resources import Built
from lineform.loading.validation import FieldProblem
from lineform.model.address import Address
from lineform.model.campaign import CampaignSpec
from lineform.model.code_pool import CodesSpec
from lineform.model.origin import dotted
from lineform.sending.due import upcoming
from lineform.sending.given import CODE, pool_promise
from lineform.sending.promises import Promise, expires_before, why_lapsed
from lineform.templates.build import Site

_TICK = timedelta(seconds=1)


def promise_problems(client: ReadClient, built: Mapping[Address, Built]) -> Iterator[tuple[Address, FieldProblem]]:
    """What the campaigns of a client promise too late, each with its address."""
    ending = {
        f"{CODE}.{one.spec.name}": promise
        for one in built.values()
        if isinstance(one.spec, CodesSpec) and (promise := pool_promise(one.spec, client.timezone)).expires is not None
    }
    if not ending:
        return
    for address, one in built.items():
        if isinstance(spec := one.spec, CampaignSpec) and spec.enabled:
            found = [problem for site in one.sites for problem in _late(site, spec, client.timezone, ending)]
            for problem in apart_from(one.unsure, found) if one.unsure else found:
                yield address, problem


def _late(site: Site, spec: CampaignSpec, timezone: str, ending: Mapping[str, Promise]) -> Iterator[FieldProblem]:
    zone = spec.schedule.timezone or timezone
    for path in sorted({read.path for read in site.reads} & ending.keys()):
        promise = ending[path]
        if promise.latest is None:
            continue
        due = next(iter(upcoming(spec.schedule, zone, promise.latest - _TICK)), None)
        if due is not None and expires_before(promise, due.at):
            hint = "send it earlier, or write schedule.ends" if spec.schedule.cron else "send it earlier"
            message = f"{dotted(site.path)}: {why_lapsed(promise, due.at, zone)}"
            yield FieldProblem(site.path, "E322", message, f"{hint}, or give {promise.address} a later end")
