"""A client with one audience of LINE's, and a campaign that is sent to it."""

from __future__ import annotations

from typing import Any

from lineform.model.attributes import AttributesSpec
from lineform.model.audience import SegmentSpec
from lineform.model.audience_spec import AudienceSpec
from lineform.model.base import Spec
from support.declared_clients import campaign

ADDRESS = "audience.regulars"


def tags() -> AttributesSpec:
    return AttributesSpec.model_validate({"kind": "attributes", "name": "words", "tags": {"regular": {}, "vip": {}}})


def segment(tag: str = "regular", name: str = "regulars") -> SegmentSpec:
    return SegmentSpec.model_validate({"kind": "segment", "name": name, "where": {"tag": tag}})


def audience(name: str = "regulars", of: str = "regulars") -> AudienceSpec:
    return AudienceSpec.model_validate({"kind": "audience", "name": name, "from": {"segment": of}})


def audience_specs(tag: str = "regular", **fields: Any) -> tuple[Spec, ...]:
    """Everything that a narrowcast to the regulars needs; `fields` are the campaign's."""
    sent = campaign("thanks", **{"audience": {"audience": "regulars"}, **fields})
    return tags(), segment(tag), audience(), sent
