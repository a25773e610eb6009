"""``kind: codes`` in files: what messages may name, and what they may not promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineform.errors import UsageError
from lineform.loading.code_files import RefusedCode, read_codes
from support.workspaces import CAMPAIGN, SMALL, only, problems, write

POOL = "kind: codes\nname: gift\n"


def files(text: str, pool: str = POOL, schedule: str = "") -> dict[str, str]:
    campaign = CAMPAIGN.replace("こんにちは", f'"{text}"')
    if schedule:
        kept = [line for line in campaign.splitlines() if not line.startswith("schedule")]
        campaign = "\n".join(kept) + f"\nschedule: {schedule}\n"
    return {"campaigns/sale.yaml": campaign, "campaigns/gift.yaml": pool}


@pytest.mark.parametrize("text", ["{{ code.gift }}", "{{ code['gift'] }}", "コード: {{ code.gift }}"])
def test_a_message_may_name_a_pool(tmp_path: Path, text: str) -> None:
    assert problems(write(tmp_path, SMALL, files(text))) == []


@pytest.mark.parametrize(
    ("text", "hint"),
    [("{{ code.gitf }}", "did you mean 'gift'?"), ("{{ code }}", "name one pool of codes: code.name")],
)
def test_an_unknown_pool_is_refused_with_its_place(tmp_path: Path, text: str, hint: str) -> None:
    found = only(write(tmp_path, SMALL, files(text)))
    assert (found.code, str(found.origin), found.hint) == ("E321", "campaigns/sale.yaml:6:11", hint)


@pytest.mark.parametrize(
    ("end", "valid_for", "late"),
    [
        ("2026-12-01T10:00", "0s", True),
        ("2026-12-01T10:01", "0s", False),
        ("2026-12-01", "0s", False),
        ("2026-11-30", "0s", True),
        ("2026-12-03", "3d", True),
        ("2026-12-04T10:00", "3d", False),
        ("2026-12-04T09:59", "3d", True),
    ],
)
def test_what_has_expired_when_it_is_sent_is_refused(tmp_path: Path, end: str, valid_for: str, late: bool) -> None:
    pool = POOL + f'expires: "{end}"\nvalid_for: {valid_for}\n'
    schedule = '{at: "2026-12-01T10:00"}'
    found = problems(write(tmp_path, SMALL, files("{{ code.gift }}", pool, schedule)))
    assert [one.code for one in found] == (["E322"] if late else [])


def test_a_rule_that_goes_on_after_the_end_is_refused_until_it_ends(tmp_path: Path) -> None:
    pool = POOL + 'expires: "2026-12-31"\n'
    found = only(write(tmp_path, SMALL, files("{{ code.gift }}", pool, '{cron: "0 10 * * 1"}')))
    assert (found.code, found.hint) == (
        "E322",
        "send it earlier, or write schedule.ends, or give codes.gift a later end",
    )
    assert "this is sent at 2027-01-04 10:00" in found.message
    ends = '{cron: "0 10 * * 1", ends: "2026-12-31"}'
    assert problems(write(tmp_path, SMALL, files("{{ code.gift }}", pool, ends))) == []


def test_an_end_that_no_calendar_has_is_refused(tmp_path: Path) -> None:
    found = only(write(tmp_path, SMALL, files("{{ code.gift }}", POOL + 'expires: "2026-02-30"\n')))
    assert (found.code, str(found.origin)) == ("E103", "campaigns/gift.yaml:3:10")


def test_a_file_of_codes_is_read_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "codes.txt"
    file.write_text("\ufeffA-1\r\n\r\n  B-2 \n" + "x" * 101 + "\nC 3\n", encoding="utf-8")
    refused: list[RefusedCode] = []
    assert list(read_codes(file, refused.append)) == ["A-1", "B-2"]
    assert [one.line for one in refused] == [4, 5]
    assert "C 3" not in str(refused)


def test_a_csv_file_of_codes_names_its_column(tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text("no,code\n1,A-1\n2,\n3,B-2\n", encoding="utf-8")
    assert list(read_codes(file, print)) == ["A-1", "B-2"]
    file.write_text("A-1\nB-2\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no column 'code'"):
        list(read_codes(file, print))
