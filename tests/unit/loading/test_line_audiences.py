"""``kind: audience`` in files: what it may name, and what a campaign may say of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.loading import load_project
from support.workspaces import ATTRIBUTES, CAMPAIGN, CLIENT, SMALL, only, problems, write

SEGMENT = "kind: segment\nname: regulars\nwhere: {tag: regular}\n"
AUDIENCE = "kind: audience\nname: regulars\nfrom: {segment: regulars}\n"
FILES = {"segments/regulars.yaml": SEGMENT, "segments/line/regulars.yaml": AUDIENCE}


def campaign(audience: str) -> dict[str, str]:
    return {**FILES, "campaigns/sale.yaml": CAMPAIGN.replace("audience: everyone", f"audience: {audience}")}


def test_an_audience_and_a_campaign_for_it_are_accepted(tmp_path: Path) -> None:
    assert problems(write(tmp_path, SMALL, campaign("{audience: regulars, limit: 100}"))) == []
    client = load_project(tmp_path).clients["aoba"]
    assert "audience.regulars" in {str(address) for address in client.resources}


BIRTHDAYS = "kind: segment\nname: regulars\nwhere: {all: [{tag: regular}, {anniversary: born, in: this_month}]}\n"


def test_once_a_year_cannot_be_kept_for_an_audience_of_lines_and_the_segment_itself_is_the_way_out(
    tmp_path: Path,
) -> None:
    words = {"segments/basics.yaml": ATTRIBUTES.replace("tags:", "  born: {type: date}\ntags:")}
    monthly = campaign("{audience: regulars}")["campaigns/sale.yaml"].replace(
        'at: "2026-12-01T10:00"', 'cron: "0 10 1 * *"'
    )
    files = {**FILES, **words, "segments/regulars.yaml": BIRTHDAYS, "campaigns/sale.yaml": monthly}
    found = only(write(tmp_path / "kept", SMALL, files))
    assert (found.code, str(found.origin), found.hint) == (
        "E349",
        "campaigns/sale.yaml:3:22",
        "write audience: {segment: regulars}, whose friends are known one by one",
    )
    assert "LINE tells nobody whom a narrowcast" in found.message
    own = monthly.replace("{audience: regulars}", "{segment: regulars}")
    assert problems(write(tmp_path / "own", SMALL, {**files, "campaigns/sale.yaml": own})) == []
    once = monthly.replace('cron: "0 10 1 * *"', 'at: "2026-12-01T10:00"')
    assert problems(write(tmp_path / "once", SMALL, {**files, "campaigns/sale.yaml": once})) == []
    always = BIRTHDAYS.replace("in: this_month", "month: 12")
    same = {**files, "segments/regulars.yaml": always}
    assert problems(write(tmp_path / "always", SMALL, same)) == []


def test_an_unknown_audience_is_refused_with_a_guess(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, campaign("{audience: regular}")))
    assert (found.code, found.hint) == ("E320", "did you mean 'regulars'?")


def test_an_unknown_segment_is_refused_with_a_guess(tmp_path: Path) -> None:
    files = {**FILES, "segments/line/regulars.yaml": AUDIENCE.replace("segment: regulars", "segment: regular")}
    found = only(write(tmp_path, SMALL, files))
    assert (found.code, str(found.origin), found.hint) == (
        "E303",
        "segments/line/regulars.yaml:3:17",
        "did you mean 'regulars'?",
    )


def test_a_client_takes_the_audiences_that_it_names(tmp_path: Path) -> None:
    uses = CLIENT.replace('campaigns: ["*"]', 'audiences: [], campaigns: ["*"]')
    found = problems(write(tmp_path, SMALL, campaign("{audience: regulars}"), {"clients/aoba.yaml": uses}))
    assert "E320" in {problem.code for problem in found}


@pytest.mark.parametrize(
    ("audience", "message"),
    [
        ("{audience: regulars, everyone: true}", "needs exactly one of"),
        ("{audience: regulars, exclude: [{tag: regular}]}", "cannot exclude from an audience of LINE's"),
        ("{segment: regulars, limit: 5}", "'limit' belongs to an audience of LINE's or a demographic one"),
    ],
)
def test_what_line_cannot_honour_is_refused(tmp_path: Path, audience: str, message: str) -> None:
    found = only(write(tmp_path, SMALL, campaign(audience)))
    assert (found.code, message in found.message) == ("E103", True)


def test_one_text_for_all_cannot_read_a_friend_nor_skip_one(tmp_path: Path) -> None:
    files = campaign("{audience: regulars}")
    reading = files["campaigns/sale.yaml"].replace("こんにちは", "\"{{ friend.name | default('') }}さま\"")
    found = only(write(tmp_path, SMALL, files, {"campaigns/sale.yaml": reading}))
    assert (found.code, "LINE sends to it as a whole" in found.message) == ("E024", True)
    skipping = files["campaigns/sale.yaml"] + "skip_if_unknown: [name]\n"
    assert only(write(tmp_path, SMALL, files, {"campaigns/sale.yaml": skipping})).code == "E103"


def test_limits_for_single_friends_cannot_be_kept(tmp_path: Path) -> None:
    limited = CLIENT + "limits: {per_friend: {week: 3}}\n"
    found = only(write(tmp_path, SMALL, campaign("{audience: regulars}"), {"clients/aoba.yaml": limited}))
    assert (found.code, "LINE sends to its own audience as a whole" in found.message) == ("E118", True)
