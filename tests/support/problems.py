"""Problems made by hand, for those who only show them."""

from __future__ import annotations

from lineform.model.origin import Origin
from lineform.model.problem import Problem, Severity

SEGMENT = Problem(
    "E303",
    "unknown segment 'vip-lapset'",
    Origin("campaigns/winter-sale.yaml", 7, 21),
    "campaign.winter-sale",
    hint="did you mean 'vip-lapsed'?",
    excerpt="audience: {segment: vip-lapset}",
)
TEXT = Problem(
    "E281",
    "a text that still holds a part of an expression",
    Origin("campaigns/冬.yaml", 12, 18),
    "campaign.fuyu",
    client="aoba",
    hint="write {{ friend.name }}",
    excerpt='  - text: "お客様さま、{{ friend.name }"',
    severity=Severity.WARNING,
    written_by=(Origin("clients/aoba.yaml", 4, 3),),
)
FILE = Problem("E001", "the file is no YAML", Origin("lineform.yaml"))
ALL = (SEGMENT, TEXT, FILE)
