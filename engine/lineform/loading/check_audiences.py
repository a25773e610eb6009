"""What is wrong with a campaign's audience that needs no words of the client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lineform.loading.validation import FieldProblem
from lineform.model.audience import Audience
from lineform.model.campaign import CampaignSpec
from lineform.model.origin import dotted
from lineform.sending.scope import OF_EACH_FRIEND
from lineform.templates.build import Site


def audience_problems(spec: CampaignSpec, sites: Iterable[Site]) -> list[FieldProblem]:
    """A number of recipients that cannot be, and what a send cannot carry where LINE selects; `sites` are the places
    that read what only a send knows."""
    out = list(_expected(spec.audience))
    if spec.audience.demographic is not None:
        out += _selected_by_line(spec, sites, "a demographic audience", "only LINE knows who is in it")
    elif spec.audience.audience is not None:
        out += _selected_by_line(spec, sites, "an audience of LINE's", "LINE sends to it as a whole")
    return out


def _expected(audience: Audience) -> Iterator[FieldProblem]:
    expect = audience.expect
    if expect is not None and expect.max is not None and expect.max < expect.min:
        message = f"audience.expect: no number is at least {expect.min} and at most {expect.max}"
        yield FieldProblem(("audience", "expect"), "E310", message, "write the smaller one as 'min'")


def _selected_by_line(spec: CampaignSpec, sites: Iterable[Site], whom: str, why: str) -> Iterator[FieldProblem]:
    """One call carries one text, and nothing can be looked up about anybody who gets it.

    https://developers.line.biz/en/reference/messaging-api/#send-narrowcast-message
    """
    for site in sites:
        if paths := sorted(read.path for read in site.reads if read.root in OF_EACH_FRIEND):
            message = f"{dotted(site.path)} reads '{paths[0]}', which {whom} cannot have: {why}"
            hint = "take the friend out of the text, or choose the audience by attributes and tags"
            yield FieldProblem(site.path, "E024", message, hint)
    if spec.track == "friend":
        message = f"track: friend cannot be kept for {whom}: {why}"
        yield FieldProblem(("track",), "E103", message, "write 'track: message', which counts the taps of all")
    if spec.skip_if_unknown:
        message = f"skip_if_unknown cannot be kept for {whom}: {why}"
        hint = "leave it out, or choose the audience by attributes and tags"
        yield FieldProblem(("skip_if_unknown",), "E103", message, hint)
