"""What is wrong with a campaign's audience that needs no words of the client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lineform.loading.validation import FieldProblem
from lineform.model.audience import Audience
from lineform.model.campaign import CampaignSpec
from lineform.model.origin import dotted
from lineform.templates.build import Site


def audience_problems(spec: CampaignSpec, sites: Iterable[Site]) -> list[FieldProblem]:
    """A number of recipients that cannot be, and what a demographic audience cannot carry; `sites` are the places that
    read what only a send knows."""
    out = list(_expected(spec.audience))
    if spec.audience.demographic is not None:
        out += _demographic(spec, sites)
    return out


def _expected(audience: Audience) -> Iterator[FieldProblem]:
    expect = audience.expect
    if expect is not None and expect.max is not None and expect.max < expect.min:
        message = f"audience.expect: no number is at least {expect.min} and at most {expect.max}"
        yield FieldProblem(("audience", "expect"), "E310", message, "write the smaller one as 'min'")


def _demographic(spec: CampaignSpec, sites: Iterable[Site]) -> Iterator[FieldProblem]:
    """Only LINE knows who is in it, so nothing can be looked up about one of them.

    https://developers.line.biz/en/reference/messaging-api/#send-narrowcast-message
    """
    for site in sites:
        if paths := sorted(read.path for read in site.reads if read.root == "friend"):
            message = f"{dotted(site.path)} reads '{paths[0]}', but only LINE knows who is in a demographic audience"
            hint = "take the friend out of the text, or choose the audience by attributes and tags"
            yield FieldProblem(site.path, "E024", message, hint)
    if spec.skip_if_unknown:
        message = "skip_if_unknown cannot be kept for a demographic audience: only LINE knows who is in it"
        hint = "leave it out, or choose the audience by attributes and tags"
        yield FieldProblem(("skip_if_unknown",), "E103", message, hint)
