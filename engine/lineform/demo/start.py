"""The moment at which a demo begins: so that something is sent in the days that it shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lineform.model.address import Kind
from lineform.model.campaign import CampaignSpec
from lineform.model.project import Client
from lineform.sending.due import instant, upcoming

MORNING = 9
"""The hour at which a demo begins on the day before the first campaign."""


def start_of(clients: Iterable[Client], usual: datetime, length: timedelta) -> datetime:
    """`usual` (aware) where a campaign is due in the `length` after it, or none ever is; else the morning of the day
    before the first one."""
    dues = [due for client in clients for due in _dues(client, usual)]
    if not dues or any(usual < due <= usual + length for due in dues):
        return usual
    eve = min(dues).astimezone(usual.tzinfo) - timedelta(days=1)
    return eve.replace(hour=MORNING, minute=0, second=0, microsecond=0)


def _dues(client: Client, after: datetime) -> Iterable[datetime]:
    """When each campaign is sent first, or next after `after` where it comes back."""
    for resource in client.of(Kind.CAMPAIGN):
        spec = resource.spec
        if not isinstance(spec, CampaignSpec) or not spec.enabled:
            continue
        if spec.schedule.at is not None:
            yield instant(spec.schedule.at, ZoneInfo(spec.schedule.timezone or client.timezone))
        else:
            yield from (due.at for due in upcoming(spec.schedule, client.timezone, after))
