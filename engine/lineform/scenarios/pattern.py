"""Whether something that happened is what a scenario begins with, waits for or ends by."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineform.model import occasions as written
from lineform.model.conditions import AttributeCondition, ClickCondition, EventCondition
from lineform.scenarios.happening import Happening, What
from lineform.segments.friend import Event, Friend
from lineform.segments.predicate import Predicate
from lineform.segments.reading import matches
from lineform.segments.resolve import Declared, to_predicate
from lineform.segments.wire import from_wire, to_wire


@dataclass(frozen=True, slots=True)
class Pattern:
    """What has to happen: the kind of thing, its name where one is meant, and more about it."""

    what: What
    name: str = ""
    texts: tuple[str, ...] = ()
    """One of these: a postback's data as it is, a keyword compared without regard to width and case, the event by which
    an item was favoured."""
    predicate: Predicate | None = None
    """For an attribute, what has to be true of the friend then; for an event, of that event alone."""

    @property
    def watches(self) -> tuple[What, str]:
        """By what happenings are looked up: the kind and the name."""
        return self.what, self.name


def plain_text(text: str) -> str:
    """A text by which keywords are compared: width, case and the spaces around it do not matter."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def fits(pattern: Pattern, happening: Happening, friend: Friend) -> bool:
    """Whether this is what the pattern means. `friend` is as after the happening."""
    if pattern.what is What.ROUTE and happening.what is What.FOLLOW:
        return friend.last_route == pattern.name and follows_first(happening, friend)
    if happening.what is not pattern.what or (pattern.name and happening.name != pattern.name):
        return False
    match pattern.what:
        case What.TEXT:
            return plain_text(happening.text) in pattern.texts
        case What.POSTBACK | What.ITEM:
            return happening.text in pattern.texts
        case What.EVENT if pattern.predicate is not None:
            event = Event(happening.name, happening.key, happening.at, happening.fields)
            return matches(pattern.predicate, replace(friend, events=(event,)), happening.at) is True
        case What.ATTRIBUTE if pattern.predicate is not None:
            return matches(pattern.predicate, friend, happening.at) is True
    return True


def follows_first(happening: Happening, friend: Friend) -> bool:
    """Whether it is the first follow of somebody: a route that they came by before it counts from then on."""
    came_before = friend.first_followed_at is not None and friend.first_followed_at != friend.followed_at
    return not happening.fields.get("unblocked") and not came_before


def any_fits(patterns: Sequence[Pattern], happening: Happening, friend: Friend) -> bool:
    """Whether this is what one of them means."""
    return any(fits(pattern, happening, friend) for pattern in patterns)


def pattern_to_wire(one: written.Occasion | written.Trigger, words: Declared, timezone: str) -> dict[str, Any] | None:
    """The pattern as JSON; None where no happening begins it: a date, a segment, by hand. Raises ConditionError where a
    validated workspace has none."""

    def predicate(condition: Any) -> dict[str, Any]:
        return to_wire(to_predicate(condition, words, timezone))

    match one:
        case written.FollowOn():
            return {"what": What.FOLLOW}
        case written.TagOn(tag=tag):
            return {"what": What.TAGGED, "name": tag}
        case written.UntagOn(untag=tag):
            return {"what": What.UNTAGGED, "name": tag}
        case written.AttributeOn(attribute=name):
            said = one.model_dump(by_alias=True, exclude_unset=True)
            condition = AttributeCondition.model_validate(said if one.compares else {**said, "known": True})
            return {"what": What.ATTRIBUTE, "name": name, "predicate": predicate(condition)}
        case written.ClickOn(click=link):
            return {"what": What.EVENT, "name": "click", "predicate": predicate(ClickCondition(click=link))}
        case written.PostbackOn(postback=texts):
            return {"what": What.POSTBACK, "texts": list(texts)}
        case written.KeywordOn(keyword=texts):
            return {"what": What.TEXT, "texts": [plain_text(text) for text in texts]}
        case written.FormOn(form=form):
            return {"what": What.FORM, "name": form}
        case written.EventOn(event=event, where=where):
            told = {"what": What.EVENT, "name": event}
            return {**told, "predicate": predicate(EventCondition(event=event, where=where))} if where else told
        case written.ItemOn(item=item):
            return {"what": What.ITEM, "name": item.event, "texts": [item.to]}
        case written.RouteOn(route=route):
            return {"what": What.ROUTE, "name": route}
        case written.MemberOn():
            return {"what": What.MEMBER}
    return None


def pattern_from_wire(data: Mapping[str, Any], read: Callable[[Any], Predicate] = from_wire) -> Pattern:
    """What `pattern_to_wire` wrote."""
    predicate = data.get("predicate")
    return Pattern(
        What(data["what"]),
        data.get("name", ""),
        tuple(data.get("texts", ())),
        None if predicate is None else read(predicate),
    )
