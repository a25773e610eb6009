"""An audience that no send could have is refused when it is written, not when it is due."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.workspaces import CAMPAIGN, SMALL, only, problems, write


def campaign(audience: str, text: str = "こんにちは", more: str = "") -> dict[str, str]:
    changed = CAMPAIGN.replace("audience: everyone", f"audience: {audience}").replace("こんにちは", f'"{text}"')
    return {"campaigns/sale.yaml": changed + more}


def test_a_number_of_recipients_that_cannot_be_is_refused(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, campaign("{everyone: true, expect: {min: 9, max: 2}}")))
    assert (found.code, str(found.origin)) == ("E310", "campaigns/sale.yaml:3:36")
    assert problems(write(tmp_path, campaign("{everyone: true, expect: {min: 2, max: 2}}"))) == []


@pytest.mark.parametrize("text", ["{{ friend.display_name | default('お客様') }}", "{{ friend.language }}さま"])
def test_a_demographic_audience_cannot_be_written_to_by_name(tmp_path: Path, text: str) -> None:
    found = problems(write(tmp_path, SMALL, campaign("{demographic: {gender: [female]}}", text)))
    assert ("E024", "campaigns/sale.yaml:6:11") in [(p.code, str(p.origin)) for p in found]


def test_nobody_can_be_skipped_in_a_demographic_audience(tmp_path: Path) -> None:
    demographic = campaign("{demographic: {gender: [female]}}", more="skip_if_unknown: [name]\n")
    found = only(write(tmp_path, SMALL, demographic))
    assert (found.code, str(found.origin)) == ("E103", "campaigns/sale.yaml:7:18")


def test_a_demographic_audience_may_read_what_is_the_same_for_all(tmp_path: Path) -> None:
    text = "{{ client.title }} {{ run.date | date }}"
    assert problems(write(tmp_path, SMALL, campaign("{demographic: {gender: [female]}}", text))) == []
