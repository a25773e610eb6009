"""Audiences that LINE makes of clicks and impressions: of what it can, and the reasons where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.workspaces import CAMPAIGN, CLIENT, SMALL, only, problems, write

LINKS = "links: {base: https://go.example.jp, key: {env: LINK_KEY}}\n"
WORDS = "kind: attributes\nname: links\nlinks:\n  sale: {url: https://shop.example.jp/sale}\ntags: {vip: {}}\n"


def files(source: str, campaign: str = "", audience: str = "everyone") -> dict[str, str]:
    sale = CAMPAIGN.replace("audience: everyone", f"audience: {audience}").replace(
        "こんにちは", "https://shop.example.jp/sale"
    )
    return {
        "campaigns/sale.yaml": sale + campaign,
        "segments/links.yaml": WORDS,
        "segments/line/tapped.yaml": f"kind: audience\nname: tapped\nfrom: {source}\n",
        "clients/aoba.yaml": CLIENT + LINKS,
    }


@pytest.mark.parametrize(
    "source",
    [
        "{clicks: campaign.sale}",
        "{clicks: campaign.sale, link: sale}",
        "{clicks: campaign.sale, link: https://shop.example.jp/sale}",
        "{impressions: campaign.sale}",
    ],
)
def test_a_broadcast_can_be_asked_who_tapped_and_who_saw(tmp_path: Path, source: str) -> None:
    assert problems(write(tmp_path, SMALL, files(source))) == []


@pytest.mark.parametrize(
    ("source", "campaign", "audience", "why"),
    [
        ("{clicks: campaign.sale}", "", "{where: {tag: vip}}", "multicast: one text for a chosen set"),
        ("{impressions: campaign.sale}", "track: friend\n", "everyone", "push: 'track: friend'"),
        ("{clicks: campaign.sale}", "", "{everyone: true, expect: {max: 9}}", "multicast: 'expect' has an upper bound"),
    ],
)
def test_a_multicast_or_push_cannot_and_the_reason_is_said(
    tmp_path: Path, source: str, campaign: str, audience: str, why: str
) -> None:
    found = only(write(tmp_path, SMALL, files(source, campaign, audience)))
    assert (found.code, why in found.message) == ("E324", True)
    assert str(found.origin).startswith("segments/line/tapped.yaml:3:")


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        ("{clicks: campaign.sal}", "E324", "did you mean 'campaign.sale'?"),
        ("{clicks: campaign.sale, link: sal}", "E314", "did you mean 'sale'?"),
    ],
)
def test_what_is_unknown_is_refused_with_a_guess(tmp_path: Path, source: str, code: str, said: str) -> None:
    found = only(write(tmp_path, SMALL, files(source)))
    assert (found.code, found.hint) == (code, said)


@pytest.mark.parametrize(
    "source", ["{}", "{clicks: campaign.sale, impressions: campaign.sale}", "{segment: a, link: b}"]
)
def test_a_source_is_exactly_one(tmp_path: Path, source: str) -> None:
    assert [one.code for one in problems(write(tmp_path, SMALL, files(source)))] == ["E103"]


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("{opened: campaign.sale}", "LINE tells nobody who saw a message"),
        ("{os_version: 19}", "nobody can know it"),
        ("{gender: female}", "LINE tells it of nobody; it estimates it for narrowcasts"),
    ],
)
def test_what_nobody_can_know_is_refused_with_the_reason(tmp_path: Path, condition: str, reason: str) -> None:
    segment = {"segments/asked.yaml": f"kind: segment\nname: asked\nwhere: {condition}\n"}
    found = [one for one in problems(write(tmp_path, SMALL, segment)) if one.code == "E103"]
    assert reason in found[0].message
