"""The page that shows a workspace as friends will see it: every rich menu, and every campaign's messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lineform.display.bubbles import ChatEntry
from lineform.display.gallery import card, chat_card, gallery, menu_card, warning
from lineform.display.markup import Html, element, joined
from lineform.display.page import page_html
from lineform.model.audience import Audience


@dataclass(frozen=True, slots=True)
class ShownMenu:
    """A declared rich menu in LINE's own form, and its image."""

    name: str
    notes: Sequence[str]
    menu: Mapping[str, Any]
    image: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What one friend reads; `why_not` where the messages cannot be made for them."""

    whose: str
    messages: Sequence[Mapping[str, Any]]
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class ShownCampaign:
    """A campaign at its next occurrence, or at the moment of the preview where it has none. `at` is local time."""

    name: str
    notes: Sequence[str]
    at: datetime
    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class ShownClient:
    """One client's part of the page."""

    name: str
    title: str
    menus: Sequence[ShownMenu]
    campaigns: Sequence[ShownCampaign]
    rules: Sequence[str] = ()
    """Who sees which menu: the rules in their order, of which the first that holds decides."""
    spoken: Sequence[ShownCampaign] = ()
    """What the steps of scenarios and replies say."""


def preview_page(title: str, clients: Sequence[ShownClient], *, lang: str = "ja") -> str:
    """The whole page: self-contained, loads nothing but the pictures that messages name."""
    words = (
        "Every rich menu, and campaigns, scenarios and replies as friends would read them. The friends are invented."
    )
    head = [element("h1", None, title), element("p", {"class": "lf-quiet"}, words)]
    return page_html(title, joined([*head, *(_client(client) for client in clients)]), lang=lang)


def _client(client: ShownClient) -> Html:
    parts = [element("h2", None, f"{client.title} ({client.name})")]
    if client.menus:
        cards = [menu_card(menu.name, menu.notes, menu.menu, menu.image) for menu in client.menus]
        parts += [element("h3", None, "Rich menus"), gallery(*cards)]
    if client.rules:
        items = joined(element("li", None, rule) for rule in client.rules)
        parts += [element("h3", None, "Who sees which menu"), element("ol", None, items)]
    if client.campaigns:
        shown = [_reading(client, campaign, one) for campaign in client.campaigns for one in campaign.readings]
        parts += [element("h3", None, "Campaigns"), gallery(*shown)]
    if client.spoken:
        shown = [_reading(client, one, reading) for one in client.spoken for reading in one.readings]
        parts += [element("h3", None, "Scenarios and replies"), gallery(*shown)]
    if not client.spoken and not client.menus and not client.campaigns:
        parts.append(element("p", {"class": "lf-quiet"}, "no menus and no campaigns"))
    return element("section", None, *parts)


def _reading(client: ShownClient, campaign: ShownCampaign, reading: Reading) -> Html:
    notes = (*campaign.notes, reading.whose)
    if reading.why_not:
        return card(campaign.name, notes, warning(reading.why_not))
    entries = [ChatEntry(campaign.at, message) for message in reading.messages]
    return chat_card(campaign.name, notes, entries, name=client.title)


def audience_words(audience: Audience) -> str:
    """Whom a campaign is for, in a few words."""
    if audience.demographic is not None:
        most = f", at most {audience.limit:,}" if audience.limit is not None else ""
        base = f"friends whom LINE selects by what it estimates{most}"
    elif audience.audience is not None:
        most = f", at most {audience.limit:,}" if audience.limit is not None else ""
        base = f"LINE's audience {audience.audience}{most}"
    elif audience.segment is not None:
        base = f"segment {audience.segment}"
    elif audience.where is not None:
        base = "friends by a condition of its own"
    else:
        base = "everyone"
    return f"{base}, without some" if audience.exclude else base
