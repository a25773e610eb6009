from __future__ import annotations

import json
from typing import Any

import pytest

from lineform.errors import StaleError
from lineform.model.address import Address, Kind
from lineform.model.attributes import AttributesSpec
from lineform.model.audience import SegmentSpec
from lineform.model.base import Spec
from lineform.model.project import Client
from lineform.segments.predicate import EVERYONE, All, AttributeIs, HasTag, Maybe, Not
from lineform.sending.revision import Revisioned, Revisions, body_digest, read_revision, revision
from support.declared_clients import campaign, client, menu

WORDS = AttributesSpec.model_validate(
    {"kind": "attributes", "name": "words", "attributes": {"tier": {"type": "text"}}, "tags": {"vip": {}, "out": {}}}
)


def of(spec: Spec, *others: Spec) -> Revisioned:
    owner = client(WORDS, spec, *others)
    return revised(owner, spec.name)


def revised(owner: Client, name: str) -> Revisioned:
    return revision(owner, owner.resources[Address(Kind.CAMPAIGN, name)])


def segment(where: dict[str, Any]) -> SegmentSpec:
    return SegmentSpec.model_validate({"kind": "segment", "name": "vips", "where": where})


def test_a_revision_is_json_and_is_read_back_complete() -> None:
    spec = campaign(
        "a",
        audience={"where": {"tag": "vip"}, "exclude": ({"tag": "out"},), "expect": {"min": 1, "max": 9}},
        messages=({"text": "{{ friend.tier }}"}, {"sticker": {"packageId": "1", "stickerId": "2"}}),
        silent=True,
        skip_if_unknown=("tier",),
    )
    found = of(spec)
    armed = read_revision(json.loads(json.dumps(found.body)))
    assert armed.predicate == All((HasTag("vip"), Not(Maybe(HasTag("out")))))
    assert armed.selection == All((armed.predicate, AttributeIs("tier", "text", "known", (True,))))
    assert armed.messages == (
        {"type": "text", "text": "{{ friend.tier }}"},
        {"type": "sticker", "packageId": "1", "stickerId": "2"},
    )
    assert (armed.silent, armed.production, armed.timezone) == (True, True, "Asia/Tokyo")
    assert armed.schedule == spec.schedule
    assert armed.expect == spec.audience.expect


def test_a_rule_is_read_back_with_its_days() -> None:
    spec = campaign("a", schedule={"cron": "0 9 * * *", "starts": "2026-12-01", "except_on": ("2026-12-25",)})
    assert read_revision(of(spec).body).schedule == spec.schedule


def test_everyone_is_everyone_only_where_nobody_is_excluded() -> None:
    assert read_revision(of(campaign("a")).body).everyone
    assert read_revision(of(campaign("a")).body).selection == EVERYONE
    excluded = campaign("a", audience={"everyone": True, "exclude": ({"tag": "out"},)})
    assert not read_revision(of(excluded).body).everyone


def test_a_demographic_audience_is_lines_own_filter_and_selects_nobody_here() -> None:
    armed = read_revision(of(campaign("a", audience={"demographic": {"gender": ("male",)}, "limit": 500})).body)
    assert armed.demographic == {"demographic": {"type": "gender", "oneOf": ["male"]}}
    assert (armed.limit, armed.predicate) == (500, None)
    with pytest.raises(ValueError, match="only LINE"):
        armed.selection  # noqa: B018 - reading it is what is refused


def test_changing_a_used_segment_changes_the_digest_and_an_unused_resource_does_not() -> None:
    spec = campaign("a", audience={"segment": "vips"})
    before = of(spec, segment({"tag": "vip"}))
    assert of(spec, segment({"tag": "vip"}), menu("other"), campaign("b")).digest == before.digest
    assert of(spec, segment({"not": {"tag": "vip"}})).digest != before.digest


@pytest.mark.parametrize(
    "change",
    [
        {"messages": ({"text": "other"},)},
        {"schedule": {"at": "2026-12-01T10:01"}},
        {"schedule": {"at": "2026-12-01T10:00", "if_late": "skip"}},
        {"silent": True},
        {"skip_if_unknown": ("tier",)},
        {"audience": {"everyone": True, "expect": {"max": 5}}},
    ],
)
def test_whatever_changes_the_send_changes_the_digest(change: dict[str, Any]) -> None:
    assert of(campaign("a", **change)).digest != of(campaign("a")).digest


def test_a_note_for_reviewers_changes_nothing() -> None:
    assert of(campaign("a", description="why")).digest == of(campaign("a")).digest


def test_the_digest_is_that_of_the_stored_body() -> None:
    found = of(campaign("a"))
    assert body_digest(json.loads(json.dumps(found.body, sort_keys=True))) == found.digest


def test_clients_that_share_campaigns_get_the_revisions_that_each_would_get_alone() -> None:
    shared = (segment({"tag": "vip"}), campaign("a", audience={"segment": "vips"}), campaign("b", silent=True))
    twins = [client(WORDS, *shared, name="first"), client(WORDS, *shared, name="second")]
    together = Revisions()
    for owner in (*twins, *reversed(twins)):
        for name in ("a", "b"):
            resource = owner.resources[Address(Kind.CAMPAIGN, name)]
            assert together.of(owner, resource) == revision(owner, resource)


def test_clients_that_mean_different_friends_by_one_segment_get_different_revisions() -> None:
    sale = campaign("a", audience={"segment": "vips"})
    first = client(WORDS, segment({"tag": "vip"}), sale, name="first")
    second = client(WORDS, segment({"attribute": "tier", "is": "gold"}), sale, name="second")
    together = Revisions()
    found = [together.of(owner, owner.resources[Address(Kind.CAMPAIGN, "a")]) for owner in (first, second)]
    assert [read_revision(one.body).predicate for one in found] == [
        HasTag("vip"),
        AttributeIs("tier", "text", "is", ("gold",)),
    ]


def test_a_body_of_another_format_is_refused_with_what_to_do() -> None:
    with pytest.raises(StaleError, match="format 2") as refused:
        read_revision({**of(campaign("a")).body, "format": 2})
    assert "apply" in refused.value.hint


def test_only_a_campaign_has_a_revision() -> None:
    owner = client(menu("m"))
    with pytest.raises(TypeError, match="no campaign"):
        revision(owner, owner.resources[Address(Kind.RICHMENU, "m")])
