"""Names and addresses: what a resource is called everywhere, in files, plans, the ledger and LINE's own objects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
"""A name is a file's stem. The pattern is that of a rich menu alias id, so that a menu's name can be its alias
(https://developers.line.biz/en/reference/messaging-api/#create-rich-menu-alias)."""


class Kind(StrEnum):
    """Every kind of file that a workspace may hold."""

    PROJECT = "project"
    CLIENT = "client"
    ATTRIBUTES = "attributes"
    SEGMENT = "segment"
    AUDIENCE = "audience"
    CAMPAIGN = "campaign"
    SCENARIO = "scenario"
    RICHMENU = "richmenu"
    CODES = "codes"
    COUPON = "coupon"
    MENU_RULES = "menu-rules"
    REPLY = "reply"
    FORM = "form"
    RECOMMENDATIONS = "recommendations"
    ROUTE = "route"
    TEST = "test"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """``campaign.winter-sale``: one resource of one client."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.value}.{self.name}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address in `text`; ValueError where it is none."""
        kind, dot, name = text.partition(".")
        if not dot or not NAME.fullmatch(name):
            raise ValueError(f"'{text}' is not an address such as campaign.winter-sale")
        return cls(Kind(kind), name)
