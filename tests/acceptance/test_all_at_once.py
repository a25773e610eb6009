"""However many faults a workspace has, one run tells all of them, each with its place, and none of them twice."""

from __future__ import annotations

from pathlib import Path

from lineform.model.problem import Severity
from support.workspaces import CAMPAIGN, CLIENT, SMALL, another, problems, short, write

SALE = """\
kind: campaign
name: sale
audience: {segment: vipp, exclude: [{tag: reglar}], expect: {min: 9, max: 2}}
schedule: {cron: "0 25 * * *", if_late: on}
silnt: true
messages:
  - text: "{{ friend.nmae | default('') }}さま"
  - {flex: ../../outside.yaml, altText: お知らせ}
  - {type: image, originalContentUrl: "ftp://a", previewImageUrl: "https://example.com/a.png"}
  - {each: friend.tags, do: {text: a}, limit: 0}
"""
MENU = """\
kind: richmenu
name: main
bar: とても長いメニューの名前ですからね
image: main.png
opens: true
cells:
  - {at: A1, switch: cupon}
  - {at: Z9, switch: kupon}
  - {at: D1, message: a}
"""
SEGMENT = "kind: segment\nname: vip\nwhere: {all: [{tag: golden}, {attribute: tier, is: bronze}, {tga: regular}]}\n"
THIRD = another("third").replace("title:", "titel:") + "overrides: {campaign.sail: {}}\n"
UNUSED = CAMPAIGN.replace("name: sale", "name: spare").replace("everyone", "{segment: nobodys}")
TEMPLATE = "kind: campaign\nname: tall\n{% include 'x' %}\n"
FAULTS: dict[str, str | bytes] = {
    "campaigns/sale.yaml": SALE,
    "campaigns/spare.yaml": UNUSED,
    "campaigns/tall.yaml.j2": TEMPLATE,
    "richmenus/main.yaml": MENU,
    "richmenus/main.png": b"GIF89a",
    "segments/vip.yaml": SEGMENT,
    "clients/aoba.yaml": CLIENT.replace('campaigns: ["*"]', "campaigns: [sale]"),
    "clients/third.yaml": THIRD.replace('campaigns: ["*"]', "campaigns: [sale]"),
}
EXPECTED = [
    "E020 campaigns/tall.yaml.j2:3:1",
    "E101 campaigns/sale.yaml:5:1",
    "E008 campaigns/sale.yaml:4:41",
    "E112 campaigns/sale.yaml:4:18",
    "E303 campaigns/sale.yaml:3:21",
    "E302 campaigns/sale.yaml:3:43",
    "E310 campaigns/sale.yaml:3:61",
    "E026 campaigns/sale.yaml:7:11",
    "E013 campaigns/sale.yaml:8:12",
    "E213 campaigns/sale.yaml:9:39",
    "E020 campaigns/sale.yaml:10:5",
    "E303 campaigns/spare.yaml:3:21",
    "E117 campaigns/spare.yaml",
    "E203 richmenus/main.yaml:3:6",
    "E401 richmenus/main.yaml:4:8",
    "E101 richmenus/main.yaml:5:1",
    "E406 richmenus/main.yaml:7:22",
    "E103 richmenus/main.yaml:8:10",
    "E406 richmenus/main.yaml:8:22",
    "E404 richmenus/main.yaml:9:10",
    "E302 segments/vip.yaml:3:21",
    "E306 segments/vip.yaml:3:52",
    "E103 segments/vip.yaml:3:61",
    "E101 clients/third.yaml:3:1",
    "E111 clients/third.yaml:8:13",
]


def test_faults_of_many_kinds_in_many_files_are_told_in_one_run(tmp_path: Path) -> None:
    found = problems(write(tmp_path, SMALL, FAULTS))
    assert sorted(short(found)) == sorted(EXPECTED)
    assert all(problem.excerpt for problem in found if problem.origin.line)
    assert [p.code for p in found if p.severity is Severity.WARNING] == ["E117"]
