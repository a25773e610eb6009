"""Audiences that LINE would have to make of a send, and cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lineform.lineapi import limits
from lineform.lineapi.routes import Route
from lineform.loading.clients import ReadClient
from lineform.loading.resources import Built
from lineform.loading.validation import FieldProblem
from lineform.model.address import Address, Kind
from lineform.model.attributes import AttributesSpec
from lineform.model.audience_spec import AudienceSource, AudienceSpec
from lineform.model.campaign import CampaignSpec
from lineform.model.problem import did_you_mean
from lineform.sending.routes import Choice, Wanted, choose
from lineform.sending.scope import OF_EACH_FRIEND
from lineform.sending.tracking import declared_links


def derived_problems(client: ReadClient, built: Mapping[Address, Built]) -> Iterator[tuple[Address, FieldProblem]]:
    """What is wrong with click and impression audiences of a client, each with its address."""
    specs = {a: one.spec for a, one in built.items() if isinstance(one.spec, AudienceSpec)}
    wanted = {a: spec.from_ for a, spec in specs.items() if spec.from_.campaign}
    if not wanted:
        return
    links = declared_links(one.spec for one in built.values() if isinstance(one.spec, AttributesSpec))
    for address, source in wanted.items():
        for problem in _problems(source, client, built, links):
            yield address, problem


def _problems(
    source: AudienceSource, client: ReadClient, built: Mapping[Address, Built], links: Mapping[str, str]
) -> Iterator[FieldProblem]:
    word = "clicks" if source.clicks else "impressions"
    campaigns = {str(a): one for a, one in built.items() if a.kind is Kind.CAMPAIGN}
    found = campaigns.get(source.campaign)
    if found is None:
        near = did_you_mean(source.campaign, campaigns)
        yield FieldProblem(("from", word), "E324", f"from.{word}: this client has no {source.campaign}", near)
    elif isinstance(spec := found.spec, CampaignSpec):
        choice = _choice(spec, found, client)
        if choice is not None and choice.route not in {Route.BROADCAST, Route.NARROWCAST}:
            message = (
                f"from.{word}: LINE makes such an audience of broadcasts and narrowcasts only, and {source.campaign} "
                f"goes by {choice.why}"
            )
            yield FieldProblem(("from", word), "E324", message, _HINTS[word])
        if spec.track is not None and source.link is not None:
            message = "from.link: this campaign's links are tracked, so LINE sees other addresses"
            yield FieldProblem(("from", "link"), "E324", message, "leave 'link' out, or 'track' in the campaign")
    if source.link is not None and source.link not in links and not _is_address(source.link):
        message = f"from.link: unknown link '{source.link}'"
        hint = did_you_mean(source.link, links) or "write an https address, or declare the link with its url"
        yield FieldProblem(("from", "link"), "E314", message, hint)


_HINTS = {
    "clicks": "write 'track: friend' in the campaign, and ask with a condition: {click: …}",
    "impressions": "nobody is told who saw it; send it to everyone, or to an audience of LINE's",
}


def _is_address(link: str) -> bool:
    return link.startswith("https://") and len(link) <= limits.AUDIENCE_CLICK_URL


def _choice(spec: CampaignSpec, built: Built, client: ReadClient) -> Choice | None:
    """How the campaign will go; None where it cannot, which is told elsewhere."""
    audience = spec.audience
    own = any(read.root in OF_EACH_FRIEND for site in built.sites for read in site.reads)
    try:
        return choose(
            Wanted(
                demographic=audience.demographic is not None,
                everyone=bool(audience.everyone) and not audience.exclude,
                constant=not own,
                at_most=audience.expect is not None and audience.expect.max is not None,
                audience=audience.audience is not None,
                skips_unknown=bool(spec.skip_if_unknown),
                per_friend=client.limits.per_friend is not None and spec.capped != "send",
                rollout=bool(spec.rollout),
                tracks_friends=spec.track == "friend",
                does=bool(spec.do),
            )
        )
    except ValueError:
        return None
