"""Campaigns that congratulate again and again and could not know whom they congratulated before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lineform.loading.clients import ReadClient
from lineform.loading.resources import Built
from lineform.loading.validation import FieldProblem
from lineform.model.address import Address, Kind
from lineform.model.audience_spec import AudienceSpec
from lineform.model.campaign import CampaignSpec
from lineform.segments.calendar import days_of_occasion
from lineform.segments.declared import WORDS, declared_in
from lineform.segments.finding import ConditionError
from lineform.sending.revision import members_predicate


def occasion_problems(client: ReadClient, built: Mapping[Address, Built]) -> Iterator[tuple[Address, FieldProblem]]:
    """Recurring campaigns for an audience that LINE keeps of friends who have an anniversary, each with its address.

    Such a campaign leaves out whom it reached within the year before, and LINE tells of no narrowcast whom it reached
    (https://developers.line.biz/en/reference/messaging-api/#send-narrowcast-message).
    """
    for address, found in built.items():
        spec = found.spec
        if not isinstance(spec, CampaignSpec) or spec.audience.audience is None or spec.schedule.cron is None:
            continue
        kept = built.get(Address(Kind.AUDIENCE, spec.audience.audience))
        if kept is None or not isinstance(kept.spec, AudienceSpec) or kept.spec.from_.segment is None:
            continue
        if _has_occasion(kept.spec, client, built):
            segment = kept.spec.from_.segment
            message = (
                f"audience.audience: '{segment}' has an anniversary, and everybody is to be reached once a year; LINE "
                f"tells nobody whom a narrowcast to its audience '{kept.spec.name}' reached"
            )
            hint = f"write audience: {{segment: {segment}}}, whose friends are known one by one"
            yield address, FieldProblem(("audience", "audience"), "E349", message, hint)


def _has_occasion(audience: AudienceSpec, client: ReadClient, built: Mapping[Address, Built]) -> bool:
    words = declared_in(one.spec for one in built.values() if isinstance(one.spec, WORDS))
    try:
        return days_of_occasion(members_predicate(audience, words, client.timezone)) > 0
    except ConditionError:
        return False  # what is wrong with the segment is told where it is written
