"""What campaigns, audiences of LINE's and segments say of each other by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lineform.loading.validation import FieldProblem
from lineform.model.address import Kind
from lineform.model.audience_spec import AudienceSpec
from lineform.model.campaign import CampaignSpec
from lineform.model.origin import Path, dotted
from lineform.model.problem import did_you_mean


def line_audience_problems(spec: Any, names: Mapping[Kind, Collection[str]]) -> Iterator[FieldProblem]:
    """`names` are those of all the client's resources, by kind."""
    if isinstance(spec, CampaignSpec) and spec.audience.audience is not None:
        yield from _known(("audience", "audience"), spec.audience.audience, names[Kind.AUDIENCE], "audience", "E320")
    elif isinstance(spec, AudienceSpec) and spec.from_.segment is not None:
        yield from _known(("from", "segment"), spec.from_.segment, names[Kind.SEGMENT], "segment", "E303")


def _known(path: Path, name: str, known: Collection[str], noun: str, code: str) -> Iterator[FieldProblem]:
    if name not in known:
        yield FieldProblem(path, code, f"{dotted(path)}: unknown {noun} '{name}'", did_you_mean(name, known))
